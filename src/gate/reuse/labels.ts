import { readdirSync, readFileSync, statSync } from 'node:fs';
import { arch, release } from 'node:os';
import { join } from 'node:path';
import type { FileDigests } from '../../artifact/file-digests.ts';
import { hostFiles } from '../host-files.ts';
import type { GateContext, Known } from '../known.ts';
import type { Job } from '../plan.ts';
import { preparedBaseline } from '../prepare.ts';
import { filesBefore } from '../steps/fit-together.ts';
import { digestOf } from './digest.ts';

/** What a step rests on, by a name for people. Two runs with the same labels have the same inputs. */
export type Labels = Readonly<Record<string, string>>;

/** Names of what all plugins share, as they stand in a sentence with `changed`. */
export const TOOL = 'plugin-gate itself';

/** What steps after the build share, once the plugin file is known. */
export interface Subject {
  readonly job: Job;
  readonly known: Known;
  readonly context: GateContext;
  readonly digests: FileDigests;
  readonly tool: string;
}

export function readLabels({ job, known, tool }: Subject): Labels {
  return {
    'the plugin file': known.artifact?.digest ?? 'none',
    'its configuration': digestOf([job.plugin.kind, job.target, job.artifact]),
    [TOOL]: tool,
  };
}

export function compareLabels(subject: Subject): Labels {
  const { job, known, context } = subject;
  const { versionScript } = job.plugin.symbols;
  return {
    ...basis(subject),
    'the previous release': previousLabel(job, known, context),
    ...(versionScript === undefined
      ? {}
      : { 'the version script': fileLabel(join(context.root, versionScript), subject) }),
    ...hostLabels(subject),
  };
}

export function fitLabels(subject: Subject): Labels {
  const { job, context, digests } = subject;
  const before = [...new Set(job.plugin.hosts.flatMap((host) => filesBefore(job, host, context.jobs ?? [])))];
  return {
    ...basis(subject),
    ...hostLabels(subject),
    'the plugins of the same host': digestOf(
      before.map((file) => [file, digests.of(join(context.root, file)) ?? null]),
    ),
    'the libraries of this machine': librariesLabel(digests),
  };
}

export function loadLabels(subject: Subject): Labels {
  const { job, known, context, digests } = subject;
  return {
    ...basis(subject),
    'the previous release': previousLabel(job, known, context),
    'the libraries of this machine': librariesLabel(digests),
    'the machine': machineLabel(),
  };
}

function basis(subject: Subject): Labels {
  const { root, repository } = subject.context;
  return {
    ...readLabels(subject),
    'its configuration': digestOf([asked(subject.job), subject.job.target]),
    'the place of the checkout': digestOf([root, repository]),
  };
}

/** What the steps are asked for one plugin. Who signs is always checked anew; what is judged by is no part of a result. */
function asked({ plugin, artifact, baseline, sandbox, signature: own }: Job): unknown {
  const { build: _, sources: __, signature: ___, rollback: ____, ...rest } = plugin;
  const { signature: previous, ...compared } = baseline ?? {};
  const signed = [own !== undefined, previous !== undefined];
  return { rest: { ...rest, baseline: compared, sandbox }, artifact, signed };
}

function hostLabels(subject: Subject): Labels {
  const { job, context } = subject;
  return Object.fromEntries(
    [...hostFiles(job, context.root)].flatMap(([name, path]) => [
      [`the host ${name}`, fileLabel(path, subject)],
      // A go.mod describes a host together with the sums beside it.
      ...(path.endsWith('.mod')
        ? [[`the sums of the host ${name}`, fileLabel(path.replace(/\.mod$/, '.sum'), subject)]]
        : []),
    ]),
  );
}

function fileLabel(path: string, { digests }: Pick<Subject, 'digests'>): string {
  return digests.of(path) ?? 'none';
}

function previousLabel(job: Job, known: Known, context: GateContext): string {
  const { baseline, findings } = preparedBaseline(job, context.root, known.prepared);
  return digestOf(baseline === undefined ? findings : [baseline.artifact.digest, baseline.source, baseline.version]);
}

/** A package that is installed or upgraded changes the time of its directory. */
const LIBRARY_PLACES = ['/lib', '/usr/lib', '/usr/local/lib', '/lib64', '/usr/lib64'].concat(
  ['x86_64', 'aarch64'].flatMap((cpu) => [`/lib/${cpu}-linux-gnu`, `/usr/lib/${cpu}-linux-gnu`]),
);

/** Where the dynamic linker looks, and what ldconfig knows of: it tells of libraries that come or go. */
function librariesLabel(digests: FileDigests): string {
  const configured = ['/etc/ld.so.cache', '/etc/ld.so.conf', ...namesIn('/etc/ld.so.conf.d')];
  const changed = LIBRARY_PLACES.map(
    (path) => statSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs.toString() ?? null,
  );
  return digestOf([configured.map((path) => digests.of(path) ?? null), changed]);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .sort()
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

let machine: string | undefined;

/** Kernel, processor, and what this process may do: what a plugin finds when it runs. */
function machineLabel(): string {
  const status = textOf('/proc/self/status').match(/^(?:Uid|Cap(?:Eff|Bnd)|NoNewPrivs|Seccomp(?:_filters)?):.*$/gm);
  const processor = textOf('/proc/cpuinfo').match(/^(?:model name|flags|Features)\s*:.*$/gm);
  machine ??= digestOf([
    arch(),
    release(),
    status,
    [...new Set(processor)],
    textOf('/sys/kernel/security/lsm'),
    textOf('/proc/sys/kernel/unprivileged_userns_clone'),
    textOf('/proc/sys/user/max_user_namespaces'),
  ]);
  return machine;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
