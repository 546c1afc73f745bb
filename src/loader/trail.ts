import { realpathSync } from 'node:fs';
import type { ToldConstructor } from './constructors.ts';
import { type LoaderEvent, toldEvent } from './event.ts';
import type { LinkerRecord, LinkerTrail } from './linker-trail.ts';
import type { TrailEntry } from './model.ts';
import { libraryDirectories } from './places.ts';

/** What the dynamic linker opens while it looks for a library, hit or miss. */
const LIBRARY = /\.so(?:\.|$)|\/ld\.so\.cache$/;

/** Fields that say something about the event itself; the others are of use to the loader's own bookkeeping. */
const KEPT = [
  'phase',
  'index',
  'path',
  'base',
  'name',
  'detail',
  'file',
  'found',
  'denied',
  'writes',
  'object',
  'callerOffset',
  'opened',
  'closed',
  'mapped',
  'error',
  'signature',
  'type',
  'toolchain',
  'number',
  'text',
  'succeeded',
  'threads',
  'descriptors',
  'mappings',
  'stream',
  'bytes',
  'signal',
  'address',
  'offset',
  'how',
  'code',
  'expected',
  'process',
  'profile',
  'landlock',
  'what',
  'target',
  'writable',
  'changed',
] as const;

/** Events that are not about what the plugin did. */
const PASSED_OVER: ReadonlySet<string> = new Set(['loader', 'check', 'done', 'stack']);
/** Of a Go host's own words. */
const TOLD: ReadonlySet<string> = new Set([
  'start',
  'opened',
  'missing',
  'symbol',
  'probe',
  'probe-missing',
  'probe-signature',
  'act',
]);

/** link.h, LA_SER_*: why a path was tried. */
const ORIGINS: ReadonlyMap<number, string> = new Map([
  [0x01, 'name'],
  [0x02, 'LD_LIBRARY_PATH'],
  [0x04, 'search path of the file'],
  [0x08, 'ld.so.cache'],
  [0x40, 'default directory'],
  [0x80, 'secure directory'],
]);

export interface TrailSources {
  /** What the supervisor saw, times in milliseconds since it started. */
  readonly events: readonly LoaderEvent[];
  /** What the dynamic linker told from inside the process. */
  readonly linker?: LinkerTrail;
  /** The constructors among that. */
  readonly constructors?: readonly ToldConstructor[];
  /** Nanoseconds of CLOCK_MONOTONIC when the supervisor started. */
  readonly started?: bigint;
  /** Makes paths of the private copy readable. */
  readonly shorten: (text: string) => string;
  /** The function at an address of a file, where it is known. */
  readonly nameOf?: (path: string, address: number) => string | undefined;
}

type Fields = Record<string, string | number | boolean>;

/**
 * The whole run as one ordered list: every path searched, file opened, symbol bound and looked up, constructor run, call
 * denied, thread started, file closed, and so on. Files get a handle, by which later entries name them; the plugin's is 1.
 * Times are milliseconds since the loader started, monotonic. What the dynamic linker told is marked; all else was seen from
 * outside the plugin's process.
 */
export function toTrail(sources: TrailSources): readonly TrailEntry[] {
  const { events, linker, started, shorten } = sources;
  const handles = new Handles();
  const records = linker === undefined || started === undefined ? [] : linker.records;
  for (const { kind, flags, text } of records) if (kind === 'object' && flags === 1) handles.add(text);
  const seen = events
    .filter(({ event }) => !PASSED_OVER.has(event))
    .flatMap((one): TrailEntry | readonly TrailEntry[] => {
      if (one.event === 'told') return toldEntry(one, shorten);
      const { event, time, fields } = one;
      const path = fields.path ?? fields.object;
      if (event === 'object' && typeof path === 'string') handles.add(path);
      const handle = typeof path === 'string' ? handles.get(path) : undefined;
      return {
        time,
        event: kindOf(event, fields),
        ...(handle === undefined ? {} : { handle }),
        ...kept(fields, shorten),
      };
    });
  const told = toldEntries(records, started ?? 0n, handles, sources);
  const all = [...seen, ...told].sort((left, right) => left.time - right.time);
  return linker?.cut === true ? [...all, { time: all.at(-1)?.time ?? 0, event: 'cut', by: 'linker' }] : all;
}

function toldEntry(one: LoaderEvent, shorten: (text: string) => string): readonly TrailEntry[] {
  const told = toldEvent(one);
  if (told === undefined || !TOLD.has(told.event)) return [];
  return [{ time: one.time, event: told.event, by: 'host', ...kept(told.fields, shorten) }];
}

function kept(fields: LoaderEvent['fields'], shorten: (text: string) => string): Fields {
  const entry: Fields = {};
  for (const key of KEPT) {
    const value = fields[key];
    if (typeof value === 'string') entry[key] = shorten(value);
    if (typeof value === 'number' || typeof value === 'boolean') entry[key] = value;
  }
  return entry;
}

function toldEntries(
  records: readonly LinkerRecord[],
  started: bigint,
  handles: Handles,
  { constructors = [], shorten, nameOf }: TrailSources,
): readonly TrailEntry[] {
  const paths = new Map<number, string>();
  const initial = new Set<number>();
  // Libraries of the system bind thousands of symbols with each other: how many, says enough.
  const among = new Map<string, TrailEntry & { count: number }>();
  const isOfSystem = systemTest();
  const entries: TrailEntry[] = [];
  for (const record of records) {
    const { kind, time, from, to, value, flags, text, second } = record;
    if (kind === 'object') {
      paths.set(from, text === '' ? PROGRAM : text);
      if (flags !== 1) initial.add(from);
    }
    const path = paths.get(from);
    const handle = path === undefined ? undefined : handles.add(path);
    const common = {
      time: sinceStart(time, started),
      by: 'linker' as const,
      ...(handle === undefined ? {} : { handle }),
    };
    switch (kind) {
      case 'search':
        entries.push({ ...common, event: 'search', path: shorten(text), from: ORIGINS.get(flags) ?? `flag ${flags}` });
        break;
      case 'object':
        entries.push({ ...common, event: 'object', path: shorten(path ?? ''), base: hex(value), initial: flags !== 1 });
        break;
      case 'bind':
      case 'lookup': {
        if (kind === 'bind' && path !== undefined && isOfSystem(path)) {
          const own = among.get(path);
          if (own === undefined) {
            const entry = { ...common, event: 'binds', count: 1 };
            among.set(path, entry);
            entries.push(entry);
          } else own.count += 1;
          break;
        }
        const definer = paths.get(to);
        const version = second === '' ? {} : { version: second };
        const by = definer === undefined ? {} : { definer: handles.add(definer) };
        entries.push({
          ...common,
          event: kind === 'bind' ? 'bind' : 'symbol',
          name: text,
          ...version,
          found: true,
          ...by,
        });
        break;
      }
      case 'begin':
      case 'end':
        break; // As one entry, below.
      case 'close':
        // What the program itself was linked with goes away with the process.
        if (!initial.has(from)) entries.push({ ...common, event: 'closed' });
        break;
    }
  }
  for (const { path, address, begun, durationMs } of constructors) {
    const name = nameOf?.(path, address);
    entries.push({
      time: sinceStart(begun, started),
      by: 'linker',
      event: 'constructor',
      handle: handles.add(path),
      address: hex(BigInt(address)),
      ...(name === undefined ? {} : { name }),
      ...(durationMs === undefined ? { returned: false } : { returned: true, durationMs }),
    });
  }
  return entries;
}

/** Whether a file lies where the system has its libraries. */
function systemTest(): (path: string) => boolean {
  const places = libraryDirectories().flatMap((place) => [`${place}/`, `${place.replace(/^\/usr\//, '/')}/`]);
  return (path) => places.some((place) => path.startsWith(place));
}

const PROGRAM = '(the program itself)';

/** What came before the supervisor's clock, while the program was started, is at its beginning. */
function sinceStart(time: bigint, started: bigint): number {
  return time <= started ? 0 : Math.round(Number(time - started) / 1000) / 1000;
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** No process opens so many; who claims it gets them as they are. */
const MOST_REAL = 2000;

/** Numbers of files by their real path: the dynamic linker names them as they were asked for, the kernel as they are. */
class Handles {
  readonly #numbers = new Map<string, number>();
  readonly #real = new Map<string, string>();

  add(path: string): number {
    const real = this.#realOf(path);
    const known = this.#numbers.get(real);
    if (known !== undefined) return known;
    this.#numbers.set(real, this.#numbers.size + 1);
    return this.#numbers.size;
  }

  get(path: string): number | undefined {
    return this.#numbers.get(this.#realOf(path));
  }

  #realOf(path: string): string {
    let real = this.#real.get(path);
    if (real === undefined) {
      real = path.startsWith('/') && this.#real.size < MOST_REAL ? realOrSame(path) : path;
      this.#real.set(path, real);
    }
    return real;
  }
}

function realOrSame(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function kindOf(event: string, { name, detail, object }: LoaderEvent['fields']): string {
  if (event !== 'call') return event;
  if (detail === 'thread') return 'thread';
  const isSearch = (name === 'openat' || name === 'open') && object === undefined;
  return isSearch && typeof detail === 'string' && LIBRARY.test(detail) ? 'search' : event;
}

/** As JSON lines, for a file beside the report. */
export function renderTrail(trail: readonly TrailEntry[]): string {
  return trail.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}
