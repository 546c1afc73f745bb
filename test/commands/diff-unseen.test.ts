import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { diffCommand } from '../../src/commands/diff.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { capture } from './capture.ts';

const SOURCE = '#line 1 "api.h"\nstruct config { int a; };\nint run(struct config *c) { return c->a; }\n';

/** What debug information does not tell is never a pass: `diff` ends with 3, and says what is missing and how to get it. */
describeWith(['gcc', 'objcopy', 'strip'], 'diff of what cannot be seen', () => {
  const directory = workspace();
  const file = (name: string): string => join(directory, `${name}.so`);

  function build(name: string, flags: readonly string[], source = SOURCE): string {
    const at = join(directory, name);
    mkdirSync(at);
    writeFileSync(join(at, 'a.c'), source);
    execFileSync('gcc', ['-fPIC', '-shared', '-nostdlib', ...flags, '-o', file(name), 'a.c'], {
      cwd: at,
      stdio: 'pipe',
    });
    return at;
  }

  beforeAll(() => {
    build('whole', ['-g', '-O2']);
    build('other', ['-g', '-O2'], `${SOURCE}int more(void) { return 1; }\n`);
  });

  async function diff(old: string, now: string) {
    const { terminal, out } = capture();
    const exit = await diffCommand(file(old), file(now), { format: 'json' }, terminal);
    const { verdict, findings }: { verdict: string; findings: { effect?: string; message: string; fix?: string }[] } =
      JSON.parse(out());
    const open = findings.filter(({ effect }) => effect === 'undecided');
    return { exit, verdict, text: open.map(({ message, fix = '' }) => `${message} ${fix}`).join('\n') };
  }

  it('is a pass where everything can be seen', async () => {
    expect(await diff('whole', 'other')).toEqual({ exit: 0, verdict: 'compatible', text: '' });
  });

  it('a stripped file: -g, or the directory with the debug files', async () => {
    copyFileSync(file('other'), file('stripped'));
    execFileSync('strip', ['-g', file('stripped')]);
    const { exit, verdict, text } = await diff('whole', 'stripped');
    expect([exit, verdict]).toEqual([3, 'undecided']);
    expect(text).toContain('Compile with -g, or give the directory with the separate debug files');
  });

  it.each([4, 5])('split without its .dwo, DWARF %i: which file is missing', async (version) => {
    const name = `split${version}`;
    const at = build(name, ['-O2', '-gsplit-dwarf', `-gdwarf-${version}`], `${SOURCE}int more(void) { return 1; }\n`);
    expect((await diff('whole', name)).verdict).toBe('compatible');
    for (const dwo of [
      join(at, 'a.dwo'),
      join(at, `${name}.so-a.dwo`),
      `${file(name)}-a.dwo`,
      join(directory, `${name}-a.dwo`),
    ]) {
      rmSync(dwo, { force: true });
    }
    const { exit, verdict, text } = await diff('whole', name);
    expect([exit, verdict]).toEqual([3, 'undecided']);
    expect(text).toMatch(/a\.dwo/);
  });

  it('a form that no standard has', async () => {
    const bytes = readFileSync(file('other'));
    const { image } = readElf(bytes);
    const abbrev = image?.sections.find(({ name }) => name === '.debug_abbrev');
    if (abbrev === undefined) throw new Error('there is no .debug_abbrev');
    // DW_AT_name (3) as DW_FORM_string (8) or DW_FORM_strp (14): the first declaration with it gets a form beyond all known.
    const part = bytes.subarray(abbrev.offset, abbrev.offset + abbrev.size);
    for (let at = 0; at + 1 < part.length; at += 1) {
      if (part[at] === 3 && (part[at + 1] === 8 || part[at + 1] === 14)) part[at + 1] = 0x7e;
    }
    writeFileSync(file('unknown-form'), bytes);
    const { exit, verdict, text } = await diff('whole', 'unknown-form');
    expect([exit, verdict]).toEqual([3, 'undecided']);
    expect(text).toMatch(/form/);
  });

  it('a struct that the new debug information only declares', async () => {
    build('opaque', ['-g', '-O2'], '#line 1 "api.h"\nstruct config;\nint run(struct config *c) { return c != 0; }\n');
    const { exit, text } = await diff('whole', 'opaque');
    expect(exit).toBe(3);
    expect(text).toContain('struct config');
  });
});
