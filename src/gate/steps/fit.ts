import { join } from 'node:path';
import type { HostConfig } from '../../config/schema.ts';
import { ElfBytes } from '../../elf/cursor.ts';
import { parseTarget } from '../../elf/targets.ts';
import { foldHosts, type HostAnswer } from '../../fit/fold-hosts.ts';
import { fitIntoHost } from '../../fit/hosts.ts';
import { librariesFor } from '../../fit/libraries.ts';
import type { FindLibrary, Fit, LoadableFile } from '../../fit/model.ts';
import { loads } from '../../fit/plugin.ts';
import { readGo } from '../../golang/read.ts';
import type { Finding } from '../../rules/finding.ts';
import { withoutExchanged } from '../host-files.ts';
import { hostTypesOf } from '../host-types.ts';
import { type GateContext, type GateStep, type Known, skip } from '../known.ts';
import type { Job } from '../plan.ts';
import { type HostFound, hostOf, placeIn } from './fit-host.ts';
import { asAdvice, pluginsBefore } from './fit-together.ts';

/** Checks the plugin against each host that it must load into. */
export const fitStep: GateStep = async (job, known, context) => {
  const { hosts } = job.plugin;
  if (hosts.length === 0) return skip('the configuration names no host');
  const plugin = pluginFile(known, context);
  if (plugin === undefined) return skip('there is no plugin file to fit');
  const { hosts: before } = known.prepared;
  const types = hostTypesOf(withoutExchanged(job, context.root, before, context.digests), known, context);
  const answers: (HostAnswer & Pick<HostFound, 'built'>)[] = [];
  for (const host of hosts) {
    const found = await hostOf(host, job, plugin, context, before);
    const fit = withTypes(fitInto(host, found, plugin, job, context), types.get(host.name)?.findings ?? []);
    answers.push({ host: host.name, fit, ...(found.built === undefined ? {} : { built: found.built }) });
  }
  return {
    outcome: {
      findings: foldHosts(answers),
      evidence: {
        hosts: answers.map(({ host, fit: { loads, go }, built }) => ({
          name: host,
          loads,
          ...(built === undefined ? {} : { built }),
          ...(go === undefined ? {} : { go }),
        })),
      },
      summary: answers.map(({ host, fit }) => `${host}: ${inWords(fit)}`).join(', '),
    },
  };
};

function pluginFile({ image, artifact }: Known, { root }: GateContext): LoadableFile | undefined {
  if (image === undefined || artifact === undefined) return undefined;
  const { endian, class: width } = image.header;
  const go = readGo(artifact.bytes, image);
  return {
    file: join(root, artifact.file),
    image,
    bytes: new ElfBytes(artifact.bytes, endian === 'little', width === 64),
    ...(go === undefined ? {} : { go }),
  };
}

function fitInto(host: HostConfig, found: HostFound, plugin: LoadableFile, job: Job, context: GateContext): Fit {
  const target = host.target === undefined ? undefined : parseTarget(host.target);
  const first = found.host.kind === 'program' ? found.host.image.image : plugin.image;
  const before = pluginsBefore(job, host, context);
  try {
    const fit = fitIntoHost(found.host, [...before.plugins, plugin], {
      find: watched(
        librariesFor(first, {
          target,
          root: host.sysroot === undefined ? undefined : placeIn(host.sysroot, context),
          directories: host.libraries.map((directory) => placeIn(directory, context)),
        }),
        context,
      ),
      ...(target === undefined ? {} : { target }),
      ...(host.preset === undefined ? {} : { preset: host.preset }),
      // Whether they are exported was told when the file was read; here it is what a preset is to look at.
      ...(host.preset === undefined ? {} : { lookedUp: job.plugin.symbols.required }),
      dlopened: job.plugin.kind !== 'go-plugin',
    }).at(-1);
    if (fit === undefined) return { loads: 'undecided', reasons: [] };
    const advised = before.plugins.length === 0 ? fit.reasons : fit.reasons.map(asAdvice);
    const reasons = advised.filter((reason) => !isProbed(reason, job));
    const own = { ...fit, reasons, loads: loads(reasons) };
    const others = job.plugin.hosts.some((other) => other.file !== undefined || other.package !== undefined);
    return found.host.kind === 'unknown' && others ? withoutPackages(own) : own;
  } finally {
    before.close();
  }
}

/** The same answers, with a note of the files that they rest on. */
function watched(find: FindLibrary, { witness }: GateContext): FindLibrary {
  if (witness === undefined) return find;
  return (name, asker) => {
    const { runpath, rpath } = asker.file.image.dynamic;
    if (runpath !== undefined || rpath !== undefined || name.includes('/')) {
      witness.open('libraries are looked for in directories that files name');
    }
    const found = find(name, asker);
    if (found !== undefined) witness.file(found.file);
    return found;
  };
}

/** Types that host and plugin take to be different things keep them apart as well. */
function withTypes(fit: Fit, findings: readonly Finding[]): Fit {
  // What they would do to consumers of a release is for the comparison of releases to say.
  const reasons = [...fit.reasons, ...findings.map(({ effect: _, ...found }) => found)];
  return { ...fit, reasons, loads: loads(reasons) };
}

/** What a function returns is compared by the step load, where the configuration says what it must be. */
function isProbed({ rule, subject }: Finding, { plugin: { probe, probes } }: Job): boolean {
  const all = [...(probe === undefined ? [] : [probe]), ...probes];
  return (
    rule === 'fit/interface-unread' && all.some(({ symbol, expect }) => expect !== undefined && symbol === subject)
  );
}

/** A system to load on has no packages to compare; where another host names its file, that one answers for them. */
function withoutPackages(fit: Fit): Fit {
  const reasons = fit.reasons.filter(({ rule }) => rule !== 'go/host-unknown');
  const open = reasons.some(({ severity }) => severity === 'undecided');
  return { ...fit, reasons, loads: fit.loads === 'undecided' && !open ? true : fit.loads };
}

function inWords({ loads }: Fit): string {
  return loads === 'undecided' ? 'undecided' : loads ? 'fits' : 'does not fit';
}
