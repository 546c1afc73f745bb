import { join } from 'node:path';
import { compareAbi } from '../../abi/abi.ts';
import { compareImages } from '../../compare/compare.ts';
import { sameContent } from '../../compare/loaded-content.ts';
import type { TypeEvidence } from '../../compare/model.ts';
import { requiredMissing } from '../../compare/required.ts';
import { parseVersionScript, type VersionScript } from '../../compare/version-script.ts';
import { checkVersionScript } from '../../compare/version-script-check.ts';
import { elfFindings } from '../../elf/findings.ts';
import { readElf } from '../../elf/read.ts';
import { worstEffect } from '../../rules/effects.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { type GateContext, type GateStep, type Known, skip } from '../known.ts';
import type { Job } from '../plan.ts';
import { preparedBaseline, preparedScript } from '../prepare.ts';
import { isPublicHeader, locate } from '../sources.ts';

/** Compares symbols, versions and needs with the previous release, and the exports with what the project promised. */
export const compareStep: GateStep = async (job, known, context) => {
  const { artifact, image } = known;
  if (artifact === undefined || image === undefined) return skip('there is no plugin file to compare');
  const { required } = job.plugin.symbols;
  const script = versionScriptOf(job, known, context);
  const resolution = preparedBaseline(job, context.root, known.prepared);
  const { baseline } = resolution;
  if (baseline === undefined) {
    if (required.length === 0 && job.plugin.symbols.versionScript === undefined) {
      return { outcome: { skipped: 'there is no previous release to compare with', findings: resolution.findings } };
    }
    // Without a previous release the promises of the project itself can still be checked.
    const findings = [
      ...resolution.findings,
      ...script.findings,
      ...requiredMissing(image, required),
      ...(script.script === undefined ? [] : checkVersionScript(script.script, image)),
    ];
    return { outcome: { findings, evidence: undefined, summary: 'only with what the configuration promises' } };
  }
  const reading = readElf(baseline.artifact.bytes);
  const previous = {
    artifact: baseline.artifact,
    image: reading.image,
    source: baseline.source,
    version: baseline.version,
  };
  if (reading.image === undefined) {
    const problems = elfFindings(reading).map(({ message }) => message);
    const text = `The previous release (${baseline.source}) cannot be compared with. ${problems.join(' ')}`;
    const findings = [finding('baseline/unusable', text, { subject: baseline.artifact.file })];
    return {
      outcome: { findings, evidence: undefined, summary: 'the previous release could not be read' },
      known: { previous, compatibility: 'undecided' },
    };
  }
  const content = sameContent(
    { bytes: baseline.artifact.bytes, image: reading.image },
    { bytes: artifact.bytes, image },
  );
  const types = content ? undefined : typesOf(job, known, context, previous);
  const findings = [
    ...script.findings,
    ...compareImages(reading.image, image, {
      required,
      sameContent: content,
      ...(types === undefined ? {} : { types }),
      ...(script.script === undefined ? {} : { versionScript: script.script }),
    }),
  ];
  const compatibility = worstEffect(findings);
  return {
    outcome: {
      findings,
      evidence: {
        baseline: { file: baseline.artifact.file, digest: baseline.artifact.digest, source: baseline.source },
        verdict: compatibility,
      },
      summary: `${compatibility} with ${baseline.source}`,
    },
    known: {
      previous,
      compatibility,
      facts: {
        oldSizes: reading.image.sizes,
        oldFloors: reading.image.floors.versions,
        oldExported: reading.image.symbols.length,
      },
    },
  };
};

function typesOf(
  job: Job,
  known: Known,
  context: GateContext,
  previous: NonNullable<Known['previous']>,
): TypeEvidence | undefined {
  const { artifact, image } = known;
  // A Go plugin is used through its own table and Go's types, which the C-level comparison knows nothing of.
  if (artifact === undefined || image === undefined || previous.image === undefined || job.plugin.kind === 'go-plugin')
    return undefined;
  const search = (file: string) => ({ file: join(context.root, file), directories: [] });
  return compareAbi(
    { image: previous.image, bytes: previous.artifact.bytes, search: search(previous.artifact.file) },
    { image, bytes: artifact.bytes, search: search(artifact.file) },
    {
      locate: (file) => locate(file, context),
      ...(job.plugin.headers.length === 0
        ? {}
        : { isPublicHeader: (file: string) => isPublicHeader(file, job.plugin.headers, context) }),
    },
  );
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
