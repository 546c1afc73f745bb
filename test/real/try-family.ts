import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { loadCommand } from '../../src/commands/load.ts';
import { SILENT } from '../../src/gate/step.ts';
import { loadPlugin } from '../../src/loader/load.ts';
import type { LoadEvidence } from '../../src/loader/model.ts';
import type { Finding } from '../../src/rules/finding.ts';
import type { Family } from './families.ts';
import { makeHost, takenFromHost } from './host.ts';
import { imageOf, neededBy } from './libraries.ts';

/** What came of one plugin. */
export interface Tried {
  readonly name: string;
  readonly result: LoadEvidence['result'] | 'left out';
  /** One line for a person. */
  readonly line: string;
}

const TRIPLET = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

/** Loads every plugin of a family that lies below a root, as `plugin-gate load` does; those of the smaller name first. */
export async function tryFamily(family: Family, root: string, directory: string): Promise<readonly Tried[]> {
  const places = family.directories.map((place) => join(root, place.replace('<triplet>', TRIPLET)));
  const files = places
    .filter((place) => existsSync(place))
    .flatMap((place) =>
      readdirSync(place)
        .filter((name) => name.endsWith('.so'))
        .map((name) => join(place, name)),
    )
    .sort((a, b) => (basename(a) < basename(b) ? -1 : 1));
  const waiting = [...files.entries()];
  const tried: Tried[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, file] = next;
      const home = join(directory, String(index));
      mkdirSync(home);
      tried[index] = await tryPlugin(family, file, root, home);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return tried;
}

async function tryPlugin(family: Family, file: string, root: string, directory: string): Promise<Tried> {
  const name = basename(file);
  const image = imageOf(file);
  const libraryPath = [`usr/lib/${TRIPLET}`, `lib/${TRIPLET}`].map((place) => join(root, place));
  const { found, missing } = neededBy(image, libraryPath);
  if (missing.length > 0) return { name, result: 'left out', line: `${name}: left out, needs ${missing.join(', ')}` };
  const host = family.needsHost ? takenFromHost(image, found) : [];
  const loaded = found.length + host.length === 0 ? await byCommand(file, family) : await byStep(file);
  return { name, result: loaded.evidence.result, line: `${name}: ${whatItDid(loaded, host, root)}` };

  async function byStep(path: string): Promise<Loaded> {
    return loadPlugin(
      {
        file: path,
        bytes: readFileSync(path),
        image,
        directory: dirname(path),
        symbols: family.symbols,
        libraryPath,
        ...(host.length === 0 ? {} : { environment: { LD_PRELOAD: makeHost(directory, host) } }),
      },
      SILENT,
    );
  }
}

interface Loaded {
  readonly findings: readonly Finding[];
  readonly evidence: LoadEvidence;
}

/** What needs nothing but itself is loaded by the command. */
async function byCommand(file: string, { symbols }: Family): Promise<Loaded> {
  let output = '';
  await loadCommand(
    file,
    { format: 'json', symbols },
    {
      out: (text) => {
        output += text;
      },
      err: () => {},
      interactive: false,
      colour: false,
      width: 80,
    },
  );
  return JSON.parse(output);
}

/** How it ended, what it took from its host, what it asked the kernel for, and each finding. */
function whatItDid({ findings, evidence }: Loaded, host: readonly string[], root: string): string {
  const asked = evidence.calls
    .filter(({ denied }) => !denied)
    .map(({ name, detail }) => `${name} ${detail}`)
    .filter((call) => !call.includes(root) && !/\.so\b/.test(call));
  const threads = Math.max(0, ...evidence.states.map(({ threads = 0 }) => threads)) - 1;
  return [
    evidence.result,
    ...(host.length === 0 ? [] : ['with a host made up for it']),
    ...(asked.length === 0 ? [] : [`asks for ${[...new Set(asked)].join(', ')}`]),
    ...(threads > 0 ? [`${threads} threads`] : []),
    ...findings.map(
      ({ severity, rule, subject }) => `${severity} ${rule}${subject === undefined ? '' : ` (${subject})`}`,
    ),
  ].join('; ');
}
