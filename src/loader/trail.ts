import type { LoaderEvent } from './event.ts';
import type { TrailEntry } from './model.ts';

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
] as const;

/** Events that are not about what the plugin did. */
const PASSED_OVER: ReadonlySet<string> = new Set(['loader', 'check', 'done']);

/**
 * The whole run as one ordered list: every path searched, file mapped, symbol looked up, call denied, thread started, and so on.
 * Files get a handle when they are mapped, by which later entries name them; the plugin's is 1. Times are milliseconds since
 * the loader started, monotonic. All of it was seen from outside the plugin's process.
 * @param shorten makes paths of the private copy readable
 */
export function toTrail(events: readonly LoaderEvent[], shorten: (text: string) => string): readonly TrailEntry[] {
  const handles = new Map<string, number>();
  const handleOf = (path: string, isNew: boolean) => {
    if (isNew && !handles.has(path)) handles.set(path, handles.size + 1);
    return handles.get(path);
  };
  return events
    .filter(({ event }) => !PASSED_OVER.has(event))
    .map(({ event, time, fields }): TrailEntry => {
      const entry: Record<string, string | number | boolean> = {};
      for (const key of KEPT) {
        const value = fields[key];
        if (typeof value === 'string') entry[key] = shorten(value);
        if (typeof value === 'number' || typeof value === 'boolean') entry[key] = value;
      }
      const path = fields.path ?? fields.object;
      const handle = typeof path === 'string' ? handleOf(path, event === 'object') : undefined;
      return { time, event: kindOf(event, fields), ...(handle === undefined ? {} : { handle }), ...entry };
    });
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
