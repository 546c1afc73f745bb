// Reads damaged copies of files and reports the slowest; test/dwarf/fuzz.test.ts is the short form that CI runs.
//   node bench/dwarf-fuzz.ts [COPIES [SEED]] FILE...
import { readFileSync, writeFileSync } from 'node:fs';
import { readElf } from '../src/elf/read.ts';
import { mutate, randomNumbers } from '../test/dwarf/mutations.ts';
import { readAndCompare, readTypes } from '../test/dwarf/reading.ts';

const numbers = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const files = process.argv.slice(2).filter((word) => !/^\d+$/.test(word));
const [copies = 1000, seed = 1] = numbers.map(Number);

for (const path of files) {
  const bytes = new Uint8Array(readFileSync(path));
  const whole = readTypes(bytes);
  if (whole === undefined) throw new Error(`${path} is not an ELF file`);
  const ranges = (readElf(bytes).image?.sections ?? []).filter(({ name }) => name.startsWith('.debug_'));
  const random = randomNumbers(seed);
  let slowest = 0;
  let told = 0;
  let largest = 0;
  for (let copy = 0; copy < copies; copy += 1) {
    const damaged = mutate(bytes, ranges, random);
    const start = performance.now();
    try {
      const graph = readAndCompare(damaged, whole);
      if (graph === undefined || graph.missing.length > 0) told += 1;
    } catch (error) {
      const place = `${path.replaceAll('/', '_')}.${seed}.${copy}`;
      writeFileSync(place, damaged);
      console.log(`${place}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    slowest = Math.max(slowest, performance.now() - start);
    largest = Math.max(largest, process.memoryUsage.rss());
  }
  console.log(
    `${path}: ${copies} copies, ${told} with something missing, slowest ${slowest.toFixed(0)} ms, peak ${(largest / 1e6).toFixed(0)} MB`,
  );
}
