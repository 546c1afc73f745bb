import { basename, join, resolve } from 'node:path';
import type { HostComparison } from '../abi/host/compare-host.ts';
import type { EntryPoint } from '../abi/host/entry-points.ts';
import { hostTypes } from '../abi/host/read-host-file.ts';
import { type Artifact, readArtifact } from '../artifact/read.ts';
import { expandTokens } from '../build/tokens.ts';
import { withPreset } from '../fit/presets/entry-types.ts';
import { finding } from '../rules/make.ts';
import { publicHeaders } from './headers.ts';
import type { GateContext, Known } from './known.ts';
import type { Job } from './plan.ts';
import { locate } from './sources.ts';

const known = new WeakMap<Artifact, ReadonlyMap<string, HostComparison>>();

/**
 * What a plugin and each of its hosts say about the types that both know, by name of the host. Hosts of which no file is
 * named, or whose file cannot be read, are left out: the step fit says so. Empty for Go plugins, whose packages the step fit compares.
 */
export function hostTypesOf(
  job: Job,
  { artifact, image }: Pick<Known, 'artifact' | 'image'>,
  context: GateContext,
): ReadonlyMap<string, HostComparison> {
  if (artifact === undefined || image === undefined || job.plugin.kind === 'go-plugin') return new Map();
  const before = known.get(artifact);
  if (before !== undefined) return before;
  const found = new Map<string, HostComparison>();
  const exported = image.symbols.map((symbol) => symbol.name);
  for (const { name, file, headers, preset, entries: named } of job.plugin.hosts) {
    const entries: readonly EntryPoint[] = Object.entries(named).map(([symbol, type]) => ({ symbol, type }));
    if (file === undefined) {
      if (headers.length > 0) found.set(name, withoutFile(name, 'headers'));
      else if (entries.length > 0) found.set(name, withoutFile(name, 'entry points'));
      continue;
    }
    const path = resolve(context.root, expandTokens(file, job.tokens, `file of host ${name}`));
    const host = readArtifact('/', path.slice(1)).artifact;
    // The step fit tells what cannot be read; a go.mod describes a host as well, and has no types.
    if (host === undefined || !isElf(host.bytes)) continue;
    const patterns = publicHeaders(headers, context);
    const comparison = hostTypes(
      { bytes: artifact.bytes, search: { file: join(context.root, artifact.file), directories: [] } },
      { bytes: host.bytes, search: { file: path, directories: [] } },
      {
        name: name === '' ? basename(path) : name,
        locate: (place) => locate(place, context),
        ...(headers.length > 0 && { isHostHeader: patterns.isPublic }),
        entries: withPreset(entries, preset, exported),
      },
    );
    const unmatched = patterns.unmatched('fit/host-headers-unmatched');
    found.set(name, { ...comparison, findings: [...comparison.findings, ...unmatched] });
  }
  known.set(artifact, found);
  return found;
}

const MAGIC = Buffer.from('\x7fELF', 'latin1');

function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.equals(bytes.subarray(0, MAGIC.length));
}

/** Headers tell which types are the host's, and not what they are there. */
function withoutFile(name: string, what: 'headers' | 'entry points'): HostComparison {
  const why = `The ${what} of ${name} are named, and no file that tells how the host was compiled: types were not compared.`;
  const unseen = finding('fit/host-types-unseen', why, { subject: name, severity: 'undecided', effect: 'undecided' });
  return { findings: [unseen], compared: [], agreed: new Set() };
}

/** Tells the headers of all hosts of a plugin; undefined where none are named. */
export function hostHeaders(job: Job, context: GateContext): ((file: string) => boolean) | undefined {
  const patterns = job.plugin.hosts.flatMap(({ headers }) => headers);
  return patterns.length === 0 ? undefined : publicHeaders(patterns, context).isPublic;
}

/** Types that the plugin has as every host has them. */
export function agreedByAll(hosts: ReadonlyMap<string, HostComparison>): ReadonlySet<string> {
  const [first, ...others] = [...hosts.values()];
  if (first === undefined) return new Set();
  return new Set([...first.agreed].filter((type) => others.every(({ agreed }) => agreed.has(type))));
}
