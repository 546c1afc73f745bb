import { join } from 'node:path';
import { compareAbi } from '../../abi/abi.ts';
import type { HostComparison } from '../../abi/host/compare-host.ts';
import { followHost } from '../../abi/host/follow-host.ts';
import { compareImages } from '../../compare/compare.ts';
import { sameContent } from '../../compare/content-digest.ts';
import { isGoPlugin } from '../../compare/interface.ts';
import type { TypeEvidence } from '../../compare/model.ts';
import { requiredMissing } from '../../compare/required.ts';
import { parseVersionScript, type VersionScript } from '../../compare/version-script.ts';
import { checkVersionScript } from '../../compare/version-script-check.ts';
import type { ElfImage } from '../../elf/model.ts';
import { mainTypes } from '../../golang/advice/main-types.ts';
import { placedInGo } from '../../golang/cgo-places.ts';
import { compareGo, goReadingOf } from '../../golang/compare.ts';
import { worstEffect } from '../../rules/effects.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { adviseVersion, versionFindings } from '../../version/advice.ts';
import { type PublicHeaders, publicHeaders } from '../headers.ts';
import { withoutExchanged } from '../host-files.ts';
import { agreedByAll, hostHeaders, hostTypesOf } from '../host-types.ts';
import { type GateContext, type GateStep, type Known, skip } from '../known.ts';
import type { Job } from '../plan.ts';
import { preparedBaseline, preparedScript } from '../prepare.ts';
import { verifyPrevious } from '../signature/previous.ts';
import { locate } from '../sources.ts';
import { type PreviousRelease, readPrevious } from './previous-release.ts';

/** Compares symbols, versions and needs with the previous release, and the exports with what the project promised. */
export const compareStep: GateStep = async (job, known, context) => {
  const { artifact, image } = known;
  if (artifact === undefined || image === undefined) return skip('there is no plugin file to compare');
  const { required } = job.plugin.symbols;
  const script = versionScriptOf(job, known, context);
  const resolution = preparedBaseline(job, context.root, known.prepared);
  const { baseline } = resolution;
  if (baseline === undefined) {
    const advice = goAdvice({ bytes: artifact.bytes, image });
    if (required.length === 0 && job.plugin.symbols.versionScript === undefined) {
      const findings = [...resolution.findings, ...advice];
      return { outcome: { skipped: 'there is no previous release to compare with', findings } };
    }
    // Without a previous release the promises of the project itself can still be checked.
    const findings = [
      ...resolution.findings,
      ...advice,
      ...script.findings,
      ...requiredMissing(image, required),
      ...(script.script === undefined ? [] : checkVersionScript(script.script, image)),
    ];
    return { outcome: { findings, evidence: undefined, summary: 'only with what the configuration promises' } };
  }
  const signed = await verifyPrevious(job, known, context, baseline);
  if (signed.findings.length > 0) {
    return {
      outcome: {
        findings: signed.findings,
        evidence: {
          baseline: { digest: baseline.artifact.digest, source: baseline.source },
          signature: signed.evidence,
        },
        summary: 'the previous release is not signed by whom it must be',
      },
      known: { compatibility: 'undecided' },
    };
  }
  const previous = await readPrevious(baseline);
  if (previous.image === undefined) {
    const text = `The previous release (${baseline.source}) cannot be compared with. ${previous.problem}`;
    const findings = [finding('baseline/unusable', text, { subject: baseline.artifact.file })];
    return {
      outcome: { findings, evidence: undefined, summary: 'the previous release could not be read' },
      known: { previous: { ...previous.known, ...signed.known }, compatibility: 'undecided' },
    };
  }
  const content = sameContent(previous.content, { bytes: artifact.bytes, image });
  const headers = publicHeaders(job.plugin.headers, context);
  const types = content ? undefined : typesOf(job, known, context, previous, headers);
  const go = !content && isGoPlugin(image) ? { go: goChanges(previous, { ...artifact, image }, context) } : {};
  const hosts = content
    ? new Map<string, HostComparison>()
    : hostTypesOf(withoutExchanged(job, context.root, known.prepared.hosts, context.digests), known, context);
  const follow = (found: readonly Finding[]): readonly Finding[] =>
    hosts.size === 0 ? found : followHost(found, agreedByAll(hosts), [...hosts.keys()].join(', '));
  const changes = [
    ...script.findings,
    ...follow(
      compareImages(previous.image, image, {
        required,
        sameContent: content,
        ...(types === undefined ? {} : { types }),
        ...go,
        ...(script.script === undefined ? {} : { versionScript: script.script }),
      }),
    ),
    ...headers.unmatched(),
  ];
  const compatibility = worstEffect(changes);
  const versions = { claimed: job.plugin.version, previous: previous.known.version };
  const versionAdvice = adviseVersion(changes, compatibility, versions);
  const findings = [...changes, ...versionFindings(versionAdvice, changes)];
  // Who signs this release is asked for, and whoever could exchange the one before decides what it is compared with.
  const unasked = job.signature !== undefined && job.baseline?.signature === undefined;
  return {
    outcome: {
      findings,
      evidence: {
        baseline: {
          file: baseline.artifact.file,
          digest: baseline.artifact.digest,
          source: baseline.source,
          ...(unasked ? { signature: 'not asked for: there is no baseline.signature' } : {}),
        },
        verdict: compatibility,
        version: versionAdvice,
      },
      summary: `${compatibility} with ${baseline.source}${unasked ? ', which nobody verified (no baseline.signature)' : ''}`,
    },
    known: {
      previous: { ...previous.known, ...signed.known },
      compatibility,
      versionAdvice,
      facts: {
        oldSizes: previous.image.sizes,
        oldFloors: previous.image.floors.versions,
        oldExported: previous.image.symbols.length,
      },
    },
  };
};

/** What a first release is told of its interface; later ones hear it with what changed. */
function goAdvice(now: { readonly bytes: Uint8Array; readonly image: ElfImage }): readonly Finding[] {
  const table = isGoPlugin(now.image) ? goReadingOf(now)?.plugin?.table : undefined;
  return table === undefined ? [] : mainTypes(table);
}

function goChanges(
  previous: PreviousRelease,
  now: { readonly file: string; readonly bytes: Uint8Array; readonly image: ElfImage },
  context: GateContext,
): readonly Finding[] {
  const search = { file: join(context.root, now.file), directories: [] };
  return compareGo(goReadingOf(previous.go), goReadingOf(now), {
    locate: (file) => locate(file, context),
    debug: { ...now, search },
  });
}

function typesOf(
  job: Job,
  known: Known,
  context: GateContext,
  previous: PreviousRelease,
  headers: PublicHeaders,
): TypeEvidence | undefined {
  const { artifact, image } = known;
  // A Go plugin is used through its own table and Go's types, which the C-level comparison knows nothing of.
  if (artifact === undefined || image === undefined || job.plugin.kind === 'go-plugin') return undefined;
  const isHostHeader = hostHeaders(job, context);
  const search = (file: string) => ({ file: join(context.root, file), directories: [] });
  const types = compareAbi(
    previous.types(search(previous.known.artifact.file)),
    { image, bytes: artifact.bytes, search: search(artifact.file) },
    {
      locate: (file) => locate(file, context),
      ...(job.plugin.headers.length === 0 ? {} : { isPublicHeader: headers.isPublic }),
      ...(isHostHeader === undefined ? {} : { isHostHeader }),
    },
  );
  const findings = placedInGo(types.findings, { image, bytes: artifact.bytes }, (file) => locate(file, context));
  return { ...types, findings };
}

function versionScriptOf(
  job: Job,
  known: Known,
  { root }: GateContext,
): { readonly script?: VersionScript; readonly findings: readonly Finding[] } {
  const reading = preparedScript(job, root, known.prepared);
  if (reading === undefined) return { findings: [] };
  if ('problem' in reading) return { findings: [reading.problem] };
  return { script: parseVersionScript(reading.text, reading.file), findings: [] };
}
