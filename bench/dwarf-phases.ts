// Processor time of each phase of reading one file's types, and by megabyte of .debug_info. Give a small and a large file in two
// runs to see that the cost grows no faster than the input.
//   node bench/dwarf-phases.ts FILE [DEBUG-DIRECTORY...]
import { readFileSync } from 'node:fs';
import { openDebugInfo } from '../src/abi/dwarf/open.ts';
import { readTypeGraph } from '../src/abi/dwarf/read-graph.ts';
import { readElf } from '../src/elf/read.ts';

const [path = '', ...directories] = process.argv.slice(2);
let before = process.cpuUsage();
let total = 0;

function lap(phase: string): void {
  const { user, system } = process.cpuUsage(before);
  total += user + system;
  console.log(`${phase.padEnd(8)} ${((user + system) / 1000).toFixed(1)} ms`);
  before = process.cpuUsage();
}

const bytes = new Uint8Array(readFileSync(path));
lap('read');
const { image } = readElf(bytes);
if (image === undefined) throw new Error(`${path} is not an ELF file`);
lap('elf');
const { files, missing } = openDebugInfo(image, bytes, { file: path, directories });
lap('units');
for (const file of files) file.index();
lap('index');
const graph = readTypeGraph(image, files, missing);
lap('types');
const size = files.reduce((sum, { sections }) => sum + sections.info.length + sections.types.length, 0) / 2 ** 20;
console.log(
  `${graph.nodes.length} types, ${graph.symbols.length} symbols; ${size.toFixed(1)} MiB, ` +
    `${(total / 1000 / size).toFixed(1)} ms per MiB, peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
);
