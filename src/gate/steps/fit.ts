import { join, resolve } from 'node:path';
import { readArtifact } from '../../artifact/read.ts';
import { expandTokens } from '../../build/tokens.ts';
import type { HostConfig } from '../../config/schema.ts';
import type { ElfImage } from '../../elf/model.ts';
import { readElf } from '../../elf/read.ts';
import { parseTarget } from '../../elf/targets.ts';
import { libraryFinder } from '../../fit/library-files.ts';
import type { Fit, HostImage } from '../../fit/model.ts';
import { fitPlugin } from '../../fit/plugin.ts';
import { isSystemLibrary } from '../../fit/requirements.ts';
import { type GoReading, readGo } from '../../golang/read.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { type GateContext, type GateStep, type Known, skip } from '../known.ts';
import type { Job } from '../plan.ts';

/** Checks the plugin against each host that it must load into. */
export const fitStep: GateStep = async (job, known, context) => {
  const { hosts } = job.plugin;
  if (hosts.length === 0) return skip('the configuration names no host');
  if (known.image === undefined) return skip('there is no plugin file to fit');
  const results = hosts.map((host) => ({ host, fit: fitInto(host, job, known, context) }));
  return {
    outcome: {
      findings: folded(results),
      evidence: {
        hosts: results.map(({ host, fit: { loads, go } }) => ({
          name: host.name,
          loads,
          ...(go === undefined ? {} : { go }),
        })),
      },
      summary: results.map(({ host, fit }) => `${host.name}: ${inWords(fit)}`).join(', '),
    },
  };
};

function fitInto(host: HostConfig, job: Job, known: Known, context: GateContext): Fit {
  const { image, artifact } = known;
  if (image === undefined || artifact === undefined) return { loads: 'undecided', reasons: [] };
  const path = host.file === undefined ? undefined : expandTokens(host.file, job.tokens, `file of host ${host.name}`);
  const file = path === undefined ? undefined : readHost(path, host.name, context);
  if (file !== undefined && 'reason' in file) return { loads: 'undecided', reasons: [file.reason] };
  const target = host.target === undefined ? undefined : parseTarget(host.target);
  const fit = fitPlugin(
    file,
    { file: join(context.root, artifact.file), image, ...goOf(artifact.bytes, image) },
    {
      find: libraryFinder(file?.image ?? image, {
        directories: host.libraries.map((directory) => resolve(context.root, directory)),
        // Libraries of this machine say nothing about another system; those of the C library are everywhere the same.
        ...(target === undefined ? {} : { fromSystem: isSystemLibrary }),
      }),
      ...(target === undefined ? {} : { target }),
    },
  );
  const answered = file === undefined && job.plugin.hosts.some((other) => other.file !== undefined);
  return answered ? withoutPackages(fit) : fit;
}

/** A system to load on has no packages to compare; where another host names its file, that one answers for them. */
function withoutPackages(fit: Fit): Fit {
  const reasons = fit.reasons.filter(({ rule }) => rule !== 'go/host-unknown');
  const open = reasons.some(({ severity }) => severity === 'undecided');
  return { ...fit, reasons, loads: fit.loads === 'undecided' && !open ? true : fit.loads };
}

function readHost(path: string, name: string, { root }: GateContext): HostImage | { readonly reason: Finding } {
  const open = (why: string) => ({
    reason: finding('fit/unreadable', `The host ${name} cannot be compared with: ${why}`, { subject: name }),
  });
  // Hosts may be installed on the machine, outside the repository.
  const file = resolve(root, path);
  const { artifact, problem } = readArtifact('/', file.slice(1));
  if (artifact === undefined) return open(problem.message);
  const { image, problems } = readElf(artifact.bytes);
  if (image === undefined) return open(problems[0]?.message ?? 'it is no ELF file.');
  return { file, image, ...goOf(artifact.bytes, image) };
}

function goOf(bytes: Uint8Array, image: ElfImage): { readonly go?: GoReading } {
  const go = readGo(bytes, image);
  return go === undefined ? {} : { go };
}

/** One finding for what is the same in several hosts, with their names unless it is so in all. */
function folded(results: readonly { readonly host: HostConfig; readonly fit: Fit }[]): readonly Finding[] {
  const groups = new Map<string, { readonly reason: Finding; readonly hosts: string[] }>();
  for (const { host, fit } of results) {
    for (const reason of fit.reasons) {
      const identity = JSON.stringify([reason.rule, reason.subject, reason.message]);
      const group = groups.get(identity);
      if (group === undefined) groups.set(identity, { reason, hosts: [host.name] });
      else group.hosts.push(host.name);
    }
  }
  return [...groups.values()].map(({ reason, hosts }) =>
    hosts.length === results.length ? reason : { ...reason, message: `${reason.message} (host ${hosts.join(', ')})` },
  );
}

function inWords({ loads }: Fit): string {
  return loads === 'undecided' ? 'undecided' : loads ? 'fits' : 'does not fit';
}
