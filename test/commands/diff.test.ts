import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type DiffCommandOptions, diffCommand, exitOfDiff } from '../../src/commands/diff.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { capture } from './capture.ts';

const schema: unknown = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../schema/diff.v1.json', import.meta.url)), 'utf8'),
);
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
  typeof schema === 'object' && schema !== null ? schema : {},
);

const FOO = 'int foo(void) { return 1; }';

describeWith(['cc'], 'diff', () => {
  const directory = workspace();
  const files: Record<'foo' | 'both' | 'host' | 'hostile', string> = {
    foo: '',
    both: '',
    host: '',
    hostile: '',
  };

  beforeAll(() => {
    files.foo = compileC(directory, 'foo', FOO);
    files.both = compileC(directory, 'both', `${FOO}\nint bar(void) { return 2; }`);
    files.host = compileC(directory, 'host', 'int tell(void);\nint foo(void) { return tell(); }');
    // Assemblers refuse such a name; whoever writes the file by hand does not ask one.
    const evil = Buffer.from('evil\x1b[31m`<b>|@org\n::error::x', 'latin1');
    const plain = 'n'.repeat(evil.length);
    files.hostile = compileC(directory, 'hostile', `${FOO}\nint ${plain}(void) { return 1; }`);
    const bytes = readFileSync(files.hostile);
    evil.copy(bytes, bytes.indexOf(plain));
    writeFileSync(files.hostile, bytes);
  });

  async function run(
    old: string,
    now: string,
    options: DiffCommandOptions = {},
    colour = false,
  ): Promise<{ exit: number; out: string }> {
    const { terminal, out } = capture(colour);
    return { exit: await diffCommand(old, now, options, terminal), out: out() };
  }

  async function json(old: string, now: string, options: DiffCommandOptions = {}) {
    const { exit, out } = await run(old, now, { ...options, format: 'json' });
    const value: unknown = JSON.parse(out);
    validate(value);
    expect(validate.errors ?? []).toEqual([]);
    return { exit, value };
  }

  it('does not pass because the public headers are misspelt', async () => {
    const source = (members: string) => `struct o { ${members} };\nint run(struct o *o) { return o->a; }`;
    const old = compileC(directory, 'types-1', source('int a; long b;'), ['-g']);
    const now = compileC(directory, 'types-2', source('int a; int c; int d; long b;'), ['-g']);
    const { exit, out } = await run(old, now, { headers: ['no-such-directory/*.h'] });
    expect(out).toContain('abi/headers-unmatched');
    expect(exit).toBe(3);
  });

  it('is identical and exits 0 for the same file, and for a copy', async () => {
    const copy = join(directory, 'copy.so');
    copyFileSync(files.foo, copy);
    for (const other of [files.foo, copy]) {
      expect(await json(files.foo, other)).toMatchObject({ exit: 0, value: { verdict: 'identical', findings: [] } });
    }
  });

  it('exits 1 for a removed symbol, worst finding first', async () => {
    expect(await json(files.both, files.foo)).toMatchObject({
      exit: 1,
      value: {
        schema: 'plugin-gate/diff/v1',
        verdict: 'breaking',
        findings: [{ rule: 'sym/removed', severity: 'error', symbol: 'bar' }, { rule: 'abi/types-not-compared' }],
        evidence: { old: { exported: 2 }, new: { exported: 1 } },
      },
    });
  });

  it('exits 3 where only types could tell and there is no debug information; no fail line changes that', async () => {
    for (const failOn of [undefined, 'breaking', 'risky']) {
      const options = failOn === undefined ? {} : { failOn };
      expect(await json(files.foo, files.both, options)).toMatchObject({ exit: 3, value: { verdict: 'undecided' } });
    }
  });

  it('compares types where there is debug information', async () => {
    const old = compileC(directory, 'old', 'int area(int side) { return side * side; }', ['-g']);
    const same = compileC(directory, 'same', 'int area(int side) { return side * 2; }', ['-g']);
    const other = compileC(directory, 'other', 'int area(long side, int unit) { return side * unit; }', ['-g']);
    expect(await json(old, same)).toMatchObject({ exit: 0, value: { verdict: 'identical' } });
    const changed = await json(old, other);
    expect(changed).toMatchObject({ exit: 1, value: { verdict: 'breaking' } });
    expect(JSON.stringify(changed.value)).toContain('"symbol":"area"');
  });

  it('moves the line with failOn', () => {
    expect(exitOfDiff('risky')).toBe(0);
    expect(exitOfDiff('risky', 'risky')).toBe(1);
    expect(exitOfDiff('compatible', 'compatible')).toBe(1);
    expect(exitOfDiff('identical', 'compatible')).toBe(0);
    expect(exitOfDiff('source-breaking')).toBe(1);
    expect(exitOfDiff('source-breaking', 'breaking')).toBe(0);
    expect(exitOfDiff('breaking', 'breaking')).toBe(1);
    expect(exitOfDiff('undecided', 'breaking')).toBe(3);
  });

  it('refuses a fail line that it does not know', async () => {
    await expect(run(files.foo, files.foo, { failOn: 'never' })).rejects.toThrow(
      /--fail-on never is not known; use one of compatible, risky, source-breaking, breaking/,
    );
  });

  it('says what is wrong with files that cannot be opened', async () => {
    const missing = join(directory, 'missing.so');
    await expect(run(missing, files.foo)).rejects.toThrow(
      `Cannot read the old file ${missing}: there is no such file. Check the path.`,
    );
    await expect(run(missing, files.foo)).rejects.toMatchObject({ name: 'UsageError' });
    await expect(run(files.foo, directory)).rejects.toThrow(/the new file .* not a regular file/);
  });

  it('makes findings of files that are not what they should be', async () => {
    const text = join(directory, 'text.so');
    writeFileSync(text, 'not an ELF file\n');
    const empty = join(directory, 'empty.so');
    writeFileSync(empty, '');
    const cut = join(directory, 'cut.so');
    writeFileSync(cut, readFileSync(files.foo).subarray(0, 700));
    for (const bad of [text, empty, cut]) {
      const asNew = await json(files.foo, bad);
      expect(asNew).toMatchObject({ exit: 1, value: { verdict: 'breaking' } });
      const asOld = await json(bad, files.foo);
      expect(['undecided', 'breaking']).toContain(
        typeof asOld.value === 'object' && asOld.value !== null && 'verdict' in asOld.value ? asOld.value.verdict : '',
      );
      expect(asOld.exit).not.toBe(0);
    }
  });

  it('survives every truncation of a file, and never calls one compatible or identical', async () => {
    const whole = readFileSync(files.both);
    const file = join(directory, 'part.so');
    const loaded = 0x4020; // the end of the last segment lies before the section headers
    for (let size = 0; size < Math.min(whole.length, loaded); size += 397) {
      writeFileSync(file, whole.subarray(0, size));
      const { exit } = await run(files.both, file);
      expect([size, exit]).not.toEqual([size, 0]);
    }
  });

  it('survives flipped bytes in either file', async () => {
    const whole = readFileSync(files.both);
    const file = join(directory, 'flipped.so');
    let seed = 1;
    const random = (limit: number): number => {
      seed = (seed * 48271) % 0x7fffffff;
      return seed % limit;
    };
    for (let round = 0; round < 150; round += 1) {
      const bytes = Buffer.from(whole);
      for (let flips = 0; flips < 8; flips += 1) bytes[random(0x1000)] = random(256);
      writeFileSync(file, bytes);
      const first = await run(files.both, file);
      const second = await run(file, files.both);
      expect([0, 1, 3]).toContain(first.exit);
      expect([0, 1, 3]).toContain(second.exit);
    }
  });

  it('writes names of symbols so that they do nothing', async () => {
    const text = await run(files.foo, files.hostile);
    expect(text.out).toContain('evil\\x1b[31m`<b>|');
    expect(text.out).not.toContain('\x1b');
    expect(text.out).not.toMatch(/^::error/m);
    const markdown = await run(files.foo, files.hostile, { format: 'markdown' });
    expect(markdown.out).not.toMatch(/[^`]<b>/);
    expect(markdown.out).not.toMatch(/^::error/m);
    expect(markdown.out).not.toContain('\x1b');
  });

  it('uses colour only where the terminal has it', async () => {
    expect((await run(files.both, files.foo)).out).not.toContain('\x1b[');
    expect((await run(files.both, files.foo, {}, true)).out).toContain('\x1b[');
  });

  it('puts the verdict first, then what to do', async () => {
    const { out } = await run(files.foo, files.host);
    expect(out.indexOf('? UNDECIDED')).toBeLessThan(out.indexOf('abi/types-not-compared'));
    expect(out).toMatch(/! change\/import-added\n {4}The file needs the symbol tell from the host\./);
    expect(out).toMatch(/fix {7}Check that every supported host exports the symbol/);
  });

  it('checks required symbols and the version script of the new file', async () => {
    const script = join(directory, 'promise.map');
    writeFileSync(script, 'V1 {\n  global: foo;\n  local: *;\n');
    expect(await json(files.foo, files.foo, { versionScript: script })).toMatchObject({
      exit: 3,
      value: {
        verdict: 'undecided',
        findings: [{ rule: 'sym/script-invalid', location: { file: script, line: 3, column: 11 } }],
      },
    });
    expect(await json(files.foo, files.foo, { required: ['plugin_init'] })).toMatchObject({
      exit: 1,
      value: { verdict: 'breaking', findings: [{ rule: 'sym/required-missing', subject: 'plugin_init' }] },
    });
  });
});
