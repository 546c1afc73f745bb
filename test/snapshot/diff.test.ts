import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { diffCommand } from '../../src/commands/diff.ts';
import { inspectFile } from '../../src/commands/inspect.ts';
import { snapshotCommand } from '../../src/commands/snapshot.ts';
import { readSnapshot, writeSnapshot } from '../../src/snapshot/format.ts';
import { makeSnapshot } from '../../src/snapshot/make.ts';
import { buildAll, builtFile, casesOf, waysOf } from '../abi/table.ts';
import { describeWith } from '../support/needs.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { compileC, workspace, writeTree } from '../support/workspace.ts';

const root = workspace();

/** Of each topic these: what a snapshot could lose is in the models, not in the number of cases. */
const PAIRS: Readonly<Record<string, readonly string[]>> = {
  records: ['inserted', 'lines-moved', 'many-symbols', 'mutual-recursion'],
  'bit-fields': ['wider'],
  callbacks: ['context-struct', 'plugin-table-inserted'],
  unions: [],
  enums: [],
  'cxx-bases': ['diamond', 'virtual-grows'],
  'cxx-members': ['member-pointer', 'odr-conflict'],
  'cxx-vtables': [],
  'cxx-templates': ['pack', 'string-abi'],
};

/** Each with one compiler, in turn. */
const cases = Object.entries(PAIRS)
  .flatMap(([topic, names]) =>
    casesOf(topic).filter(({ name }, at) => (names.length === 0 ? at < 2 : names.includes(name))),
  )
  .map((one, at) => ({ ...one, only: one.only ?? (at % 2 === 0 ? ('gcc' as const) : ('clang' as const)) }));

async function diff(old: string, now: string): Promise<{ readonly exit: number; readonly result: unknown }> {
  const terminal = recordingTerminal();
  const exit = await diffCommand(old, now, { format: 'json' }, terminal);
  const { evidence, ...rest } = JSON.parse(terminal.written.out);
  // The name on the command line, and that it was a snapshot, is all that may differ.
  for (const side of [evidence.old, evidence.new]) {
    delete side.file;
    delete side.snapshot;
  }
  return { exit, result: { ...rest, evidence } };
}

async function snapshotOf(file: string): Promise<string> {
  const output = `${file}.abi.json.gz`;
  expect(await snapshotCommand(file, { output }, recordingTerminal())).toBe(0);
  return output;
}

async function sameInAllWays(old: string, now: string): Promise<unknown> {
  const [oldSnapshot, newSnapshot] = [await snapshotOf(old), await snapshotOf(now)];
  const files = await diff(old, now);
  expect(await diff(oldSnapshot, now)).toEqual(files);
  expect(await diff(old, newSnapshot)).toEqual(files);
  expect(await diff(oldSnapshot, newSnapshot)).toEqual(files);
  return files.result;
}

describeWith(['gcc', 'g++', 'clang'], 'diff with a snapshot in place of a file', () => {
  it('says the same of every pair', async () => {
    await buildAll(root, cases);
    const verdicts = new Set<unknown>();
    for (const one of cases) {
      const [built] = waysOf(one);
      if (built === undefined) throw new Error(`${one.name} cannot be built`);
      const result = await sameInAllWays(builtFile(root, one, 'v1', built), builtFile(root, one, 'v2', built));
      verdicts.add((result as { verdict: unknown }).verdict);
    }
    expect(cases.length).toBeGreaterThanOrEqual(16);
    // Else the pairs would prove little.
    expect(verdicts.size).toBeGreaterThanOrEqual(3);
  });

  it('knows equal content by its digest: another build id, other debug information', async () => {
    const source = 'struct s { int a; }; int f(struct s *s) { return s->a; }\n';
    const file = compileC(root, 'same', source, ['-g', '-Wl,--build-id=0xaaaaaaaa']);
    const rebuilt = compileC(root, 'same2', source, [
      '-g',
      '-Wl,--build-id=0xbbbbbbbb',
      `-ffile-prefix-map=same2=same`,
    ]);
    const grown = compileC(root, 'same3', source.replace('int a;', 'int a; int b;'), [
      '-g',
      '-Wl,--build-id=0xaaaaaaaa',
    ]);
    expect(await sameInAllWays(file, file)).toMatchObject({ verdict: 'identical' });
    expect(await sameInAllWays(file, rebuilt)).toMatchObject({ verdict: 'identical' });
    expect(await sameInAllWays(file, grown)).not.toMatchObject({ verdict: 'identical' });
  });

  it('says the same of files without debug information, of other machines, and of a damaged one', async () => {
    const plain = compileC(root, 'plain', 'int f(void) { return 1; }\n', ['-s']);
    const typed = compileC(root, 'typed', 'int f(void) { return 2; }\n', ['-g']);
    expect(await sameInAllWays(plain, typed)).toMatchObject({ verdict: 'undecided' });
    const bytes = Uint8Array.from(readFileSync(typed));
    bytes[18] = 183; // e_machine: EM_AARCH64
    const other = join(root, 'other.so');
    writeFileSync(other, bytes);
    expect(await sameInAllWays(typed, other)).toMatchObject({ verdict: 'breaking' });
  });

  it('tells in the evidence which side was a snapshot, and the digest of the file itself', async () => {
    const file = compileC(root, 'evidence', 'int f(void) { return 1; }\n', ['-g']);
    const terminal = recordingTerminal();
    await diffCommand(await snapshotOf(file), file, { format: 'json' }, terminal);
    const { old, new: now } = JSON.parse(terminal.written.out).evidence;
    expect(old).toMatchObject({ snapshot: true, digest: now.digest, size: now.size });
    expect(now.snapshot).toBeUndefined();
  });

  it('finds nothing out from a snapshot that it refuses, and says why', async () => {
    const file = compileC(root, 'refused', 'int f(void) { return 1; }\n', ['-g']);
    const broken = join(root, 'broken.abi.json.gz');
    const whole = readFileSync(await snapshotOf(file));
    writeFileSync(broken, whole.subarray(0, 200));
    const { exit, result } = await diff(broken, file);
    expect(exit).toBe(3);
    expect(result).toMatchObject({ verdict: 'undecided' });
    expect((result as { findings: { rule: string; message: string }[] }).findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          rule: 'snapshot/refused',
          message: `The snapshot ${broken} cannot be used. It is not a whole gzip file.`,
        }),
      ]),
    );
  });
});

describeWith(['cc'], 'the command snapshot', () => {
  it('gives the same bytes again, from another directory too', async () => {
    const file = compileC(root, 'again', 'int f(void) { return 1; }\n', ['-g']);
    const first = readFileSync(await snapshotOf(file));
    writeTree(root, { 'elsewhere/x': '' });
    const copy = join(root, 'elsewhere', 'renamed.so');
    copyFileSync(file, copy);
    expect(Buffer.compare(readFileSync(await snapshotOf(copy)), first)).toBe(0);
  });

  it('refuses to overwrite the file, a snapshot of a snapshot, what is not ELF, and a release that is no version', async () => {
    const file = compileC(root, 'wrong', 'int f(void) { return 1; }\n');
    const output = join(root, 'wrong.abi.json.gz');
    const terminal = recordingTerminal();
    await expect(snapshotCommand(file, { output: file }, terminal)).rejects.toThrow('overwrite the file itself');
    const made = await snapshotOf(file);
    await expect(snapshotCommand(made, { output }, terminal)).rejects.toThrow('is a snapshot already');
    writeTree(root, { 'text.so': 'hello' });
    await expect(snapshotCommand(join(root, 'text.so'), { output }, terminal)).rejects.toThrow(
      'No snapshot can be made',
    );
    await expect(snapshotCommand(file, { output, release: 'v1' }, terminal)).rejects.toThrow('semantic version');
    expect(existsSync(output)).toBe(false);
  });

  it('says what is missing in it', async () => {
    const terminal = recordingTerminal();
    const file = compileC(root, 'untyped', 'int f(void) { return 1; }\n', ['-s']);
    await snapshotCommand(file, { output: `${file}.gz` }, terminal);
    expect(terminal.written.err).toContain('There is no debug information');
    expect(terminal.written.out).toContain('types of 0 of 1 exported symbols');
  });

  it('is told apart from ELF by inspect', async () => {
    const file = compileC(root, 'inspected', 'int f(void) { return 1; }\n', ['-g']);
    const made = await snapshotOf(file);
    await expect(inspectFile(made, { digest: false })).rejects.toThrow(/is a snapshot/);
  });
});

/** The order of keys is not the same. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/debug/libstdc++.so.6',
  '/usr/lib/aarch64-linux-gnu/debug/libstdc++.so.6',
].filter((file) => existsSync(file));

(LIBRARIES.length > 0 ? describe : describe.skip)('a large library [needs libstdc++6-12-dbg]', () => {
  it.each(LIBRARIES)('%s takes a tenth of its debug information at most', (file) => {
    const bytes = readFileSync(file);
    const { snapshot } = makeSnapshot(bytes, { file, directories: [] });
    if (snapshot === undefined) throw new Error(`${file} cannot be read`);
    const packed = writeSnapshot(snapshot);
    const info = snapshot.image.sections.find(({ name }) => name === '.debug_info');
    expect(statSync(file).size).toBeGreaterThan(5_000_000);
    expect(packed.length).toBeLessThanOrEqual((info?.size ?? 0) / 10);
    // As text: jest takes ten seconds for objects of this size.
    const types = JSON.stringify(snapshot.types, sorted);
    expect(JSON.stringify(readSnapshot(packed).snapshot?.types, sorted) === types).toBe(true);
  });
});
