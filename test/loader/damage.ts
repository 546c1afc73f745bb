/** Marsaglia's xorshift: the same damage in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** C source of the plugin that is damaged: it has a constructor, a destructor, and calls into the C library. */
export const DAMAGED_SOURCE = `
#include <stdio.h>
#include <stdlib.h>
static int table[64];
__attribute__((constructor)) static void begin(void) { for (int i = 0; i < 64; i++) table[i] = rand(); }
__attribute__((destructor)) static void end(void) { if (table[0] == 1) puts("one"); }
int entry(void) { char text[32]; snprintf(text, sizeof text, "%d", table[3]); return 0; }
`;

/**
 * Copies of a file with one to four bits flipped; every other one in its headers and the tables of the dynamic linker, which
 * lie in the first pages.
 */
export function* damaged(sound: Uint8Array, count: number): Generator<Uint8Array> {
  const next = random(20261122);
  for (let round = 0; round < count; round++) {
    const bytes = Uint8Array.from(sound);
    const reach = round % 2 === 0 ? 1024 : sound.length;
    for (let flips = 1 + next(4); flips > 0; flips--) {
      const place = next(reach);
      bytes[place] = (bytes[place] ?? 0) ^ (1 << next(8));
    }
    yield bytes;
  }
}
