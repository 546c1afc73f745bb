import { answersPlainName } from '../../compare/interface.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { LoadableFile } from '../model.ts';
import type { PresetCheck } from './check.ts';
import { FileData } from './data.ts';
import { entryOf, missingEntries, refusesGoPlugin, wrongKinds } from './entries.ts';
import { returnedAddress } from './returned-address.ts';

const NAME = 'PostgreSQL';
const MAGIC = 'Pg_magic_func';

/** Most bytes of a magic block; Pg_magic_struct has 24 to 72. */
const LARGEST_BLOCK = 128;
const ABI_EXTRA_SIZE = 32;

/** The fields of Pg_magic_struct, as the version that wrote it has them (src/include/fmgr.h). */
interface MagicBlock {
  /** Bytes that the server compares with memcmp. */
  readonly bytes: Buffer;
  /** 9.6 and before: 906; from 10 on: 15, 16, ... */
  readonly version: string;
  readonly values: readonly (readonly [name: string, value: string])[];
}

/**
 * PostgreSQL compares the magic block of a module with its own, byte for byte. Source: src/backend/utils/fmgr/dfmgr.c
 * (internal_load_library), src/include/fmgr.h (PG_MODULE_MAGIC).
 */
export const checkPostgresql: PresetCheck = (plugin, host) => {
  const { image } = plugin;
  const found = [
    ...refusesGoPlugin(plugin, NAME),
    ...missingEntries(image, [MAGIC], NAME),
    ...wrongKinds(image, [MAGIC, '_PG_init', '_PG_output_plugin_init'], 'function', NAME),
  ];
  if (found.length > 0) return found;
  return [...functions(plugin), ...magic(plugin, host)];
};

/** PG_FUNCTION_INFO_V1(name) makes pg_finfo_name beside a function `name`; SQL reaches the function by that name. */
function functions({ image }: LoadableFile): Finding[] {
  const exported = new Set(image.symbols.filter(answersPlainName).map(({ name }) => name));
  const lost = [...exported]
    .filter((name) => name.startsWith('pg_finfo_'))
    .map((name) => name.slice('pg_finfo_'.length))
    .filter((name) => !exported.has(name));
  return lost.slice(0, 20).map((name) => {
    const message = `pg_finfo_${name} announces the function ${name}, which the module does not export: CREATE FUNCTION fails.`;
    return finding('fit/entry-missing', message, { subject: name, symbol: name });
  });
}

function magic(plugin: LoadableFile, host: LoadableFile | undefined): Finding[] {
  const data = FileData.of(plugin);
  const entry = entryOf(plugin.image, MAGIC);
  const at = data === undefined || entry === undefined ? undefined : returnedAddress(data.memory, entry.value);
  const block = data === undefined || at === undefined ? undefined : blockAt(data, at);
  if (block === undefined) return [unread(`The magic block that ${MAGIC} returns could not be read.`)];
  if (host === undefined) {
    const values = block.values.map(([name, value]) => `${name} ${value}`).join(', ');
    const message = `Built for PostgreSQL ${block.version} (${values}).`;
    return [finding('fit/built-for', message, { subject: MAGIC, new: block.version })];
  }
  return compared(block, host);
}

function blockAt(data: FileData, address: number): MagicBlock | undefined {
  const length = data.memory.u32(address);
  return length >= 24 && length <= LARGEST_BLOCK ? decode(data.memory.range(address, length)) : undefined;
}

/** Undefined for what is no magic block. */
function decode(bytes: Buffer): MagicBlock | undefined {
  if (bytes.length < 24) return undefined;
  const field = (index: number): number => bytes.readInt32LE(4 * index);
  const number = field(1);
  const [arguments_, keys, name] = [field(2), field(3), field(4)];
  if (number < 802 || number > 9900 || arguments_ < 1 || arguments_ > 10_000) return undefined;
  if (keys < 1 || keys > 10_000 || name < 16 || name > 10_000) return undefined;
  // From 10 on the version has two parts, of which the first counts: 1500 is 15.
  const version = number >= 1000 ? String(Math.floor(number / 100)) : `${Math.floor(number / 100)}.${number % 100}`;
  const values: [string, string][] = [
    ['FUNC_MAX_ARGS', String(arguments_)],
    ['INDEX_MAX_KEYS', String(keys)],
    ['NAMEDATALEN', String(name)],
  ];
  // Up to 12 there is float4byval before float8byval; from 15 on, 32 bytes name who changed the ABI.
  const old = number < 1300;
  const byValue = field(old && bytes.length >= 28 ? 6 : 5);
  if (byValue !== 0 && byValue !== 1) return undefined;
  values.push(['float8byval', String(byValue)]);
  const compare = number >= 1800 ? Math.min(bytes.length, 4 + 20 + ABI_EXTRA_SIZE) : bytes.length;
  if (number >= 1500 && bytes.length >= 24 + ABI_EXTRA_SIZE) {
    const extra = bytes.subarray(24, 24 + ABI_EXTRA_SIZE).toString('latin1');
    values.push(['ABI', extra.replace(/\0.*$/s, '')]);
  }
  return { bytes: bytes.subarray(0, compare), version, values };
}

function compared(block: MagicBlock, host: LoadableFile): Finding[] {
  const server = host.bytes === undefined ? undefined : serverBlock(host.bytes.range(0, host.bytes.size), block);
  if (server === undefined)
    return [unread(`${host.file} holds no magic block of PostgreSQL: it is not the server program (postgres).`)];
  if (server.bytes.equals(block.bytes)) return [];
  const differing = [
    ...(server.version === block.version ? [] : [['version', server.version, block.version] as const]),
    ...server.values.flatMap(([name, theirs], index) => {
      const own = block.values[index];
      return own === undefined || own[0] !== name || own[1] === theirs ? [] : [[name, theirs, own[1]] as const];
    }),
  ];
  const text = differing.map(([name, theirs, own]) => `${name} is ${theirs} in the server and ${own} in the module`);
  const message = `${text.join('; ') || 'The magic blocks differ'}: PostgreSQL answers "incompatible library".`;
  const fix = `Build the module with pg_config of PostgreSQL ${server.version} (apt-get install postgresql-server-dev-${server.version}; make PG_CONFIG=...).`;
  return [
    finding('fit/interface-version', message, {
      subject: MAGIC,
      old: server.version,
      new: block.version,
      ...(server.version === block.version ? {} : { fix }),
    }),
  ];
}

/** FUNC_MAX_ARGS, INDEX_MAX_KEYS and NAMEDATALEN as nearly everybody has them. */
const USUAL = Buffer.from(Int32Array.of(100, 32, 64).buffer);

/** The server keeps its block as a constant without a name: length, version, then what is rarely changed. */
function serverBlock(file: Buffer, like: MagicBlock): MagicBlock | undefined {
  if (file.includes(like.bytes)) return like;
  const marks = [
    [like.bytes.subarray(0, 8), 0],
    [like.bytes.subarray(8, 20), 8],
    [USUAL, 8],
  ] as const;
  for (const [mark, offset] of marks) {
    for (let at = file.indexOf(mark); at >= 0; at = file.indexOf(mark, at + 1)) {
      const start = at - offset;
      const length = start < 0 ? 0 : file.readUInt32LE(start);
      if (length < 24 || length > LARGEST_BLOCK || start + length > file.length) continue;
      const found = decode(file.subarray(start, start + length));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function unread(message: string): Finding {
  return finding('fit/interface-unread', message, { subject: MAGIC });
}
