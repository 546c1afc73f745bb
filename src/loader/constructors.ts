import type { LinkerTrail } from './linker-trail.ts';

/** A constructor as the dynamic linker told of it. */
export interface ToldConstructor {
  /** Path of its file, untrusted. */
  readonly path: string;
  /** As the file counts. */
  readonly address: number;
  /** Nanoseconds of CLOCK_MONOTONIC. */
  readonly begun: bigint;
  /** Absent when it did not return. */
  readonly durationMs?: number;
}

/** What runs before anything of a plugin: entry code that every library has, and constructors of the C library's own. */
const MOST = 1000;

/**
 * The constructors that were begun, in their order, those of the plugin last. They nest: one may load a library.
 * @param plugin path as the dynamic linker was given it
 */
export function constructorsOf(
  linker: LinkerTrail | undefined,
  plugin: string,
): readonly ToldConstructor[] | undefined {
  if (linker === undefined) return undefined;
  const paths = new Map<number, string>();
  const begun: { path: string; address: number; begun: bigint; durationMs?: number }[] = [];
  const open: (typeof begun)[number][] = [];
  for (const { kind, from, value, time, text } of linker.records) {
    if (kind === 'object') paths.set(from, text);
    if (kind === 'begin' && begun.length < MOST) {
      const one = { path: paths.get(from) ?? plugin, address: Number(value), begun: time };
      begun.push(one);
      open.push(one);
    }
    if (kind === 'end') {
      const at = open.findLastIndex(
        ({ address, path }) => address === Number(value) && path === (paths.get(from) ?? plugin),
      );
      const [one] = at < 0 ? [] : open.splice(at, 1);
      if (one !== undefined) one.durationMs = Math.max(0, Number(time - one.begun) / 1e6);
    }
  }
  return begun;
}
