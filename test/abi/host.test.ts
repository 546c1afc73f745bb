import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { AbiInput } from '../../src/abi/abi.ts';
import { compareWithHost } from '../../src/abi/host/compare-host.ts';
import { readElf } from '../../src/elf/read.ts';
import { matchesGlob } from '../../src/text/path-glob.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

/**
 * Pairs of a host and a plugin: test/fixtures/host-types/table.json says what each is about, <case>/ has host.c and
 * plugin.c and expected.txt, the disagreements. PLUGIN_GATE_ABI_EXPECTED=write writes those for review.
 */
const TABLE = fileURLToPath(new URL('../fixtures/host-types/', import.meta.url));

const flags = z.array(z.string());
const entry = z.strictObject({
  kind: z.enum(['change', 'look-alike']),
  about: z.string(),
  flags: z.strictObject({ host: flags.optional(), plugin: flags.optional() }).optional(),
  /** Globs of the host's headers. */
  headers: flags.optional(),
});
const cases = Object.entries(
  z.record(z.string(), entry).parse(JSON.parse(readFileSync(join(TABLE, 'table.json'), 'utf8'))),
);

type Case = z.infer<typeof entry>;

/** Host and plugin are rarely built in one way. */
const WAYS = [
  { host: ['gcc', '-O2', '-gdwarf-4'], plugin: ['clang', '-O0', '-gdwarf-5'] },
  { host: ['clang', '-O2', '-gdwarf-5'], plugin: ['gcc', '-O2', '-gdwarf-4'] },
] as const;

function build(
  directory: string,
  name: string,
  part: 'host' | 'plugin',
  [compiler, ...way]: readonly string[],
  one: Case,
) {
  const from = join(TABLE, name);
  const source = readdirSync(from).find((file) => file.startsWith(`${part}.`)) ?? '';
  const cxx = source.endsWith('.cc');
  const driver = cxx ? `${compiler}++`.replace('gcc++', 'g++') : (compiler ?? '');
  const classes = cxx ? [compiler === 'clang' ? '-fstandalone-debug' : '-femit-class-debug-always'] : [];
  const output = join(directory, `${name}-${part}-${compiler}.so`);
  const args = ['-g', '-w', '-fPIC', '-shared', ...way, ...classes, ...(one.flags?.[part] ?? []), '-o', output, source];
  execFileSync(driver, args, { cwd: from, stdio: 'pipe' });
  return output;
}

function inputOf(file: string): AbiInput {
  const bytes = readFileSync(file);
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error(`${file} cannot be read`);
  return { image, bytes, search: { file, directories: [] } };
}

function textOf(name: string, { headers }: Case, host: string, plugin: string): string {
  const locate = (file: string): string => (file.startsWith('/') ? relative(join(TABLE, name), file) : file);
  const { findings } = compareWithHost(inputOf(plugin), inputOf(host), {
    name: 'the host',
    locate,
    ...(headers !== undefined && {
      isHostHeader: (file: string) => headers.some((glob) => matchesGlob(glob, locate(file))),
    }),
  });
  const texts = findings.map(({ rule, effect, location, path, message, affected = [] }) => {
    const place = location === undefined ? '-' : `${location.file}:${location.line}`;
    // Which compiler describes what it only calls, and how many copies of a constructor there are, is another matter.
    expect(affected.length).toBeGreaterThan(0);
    return [`${rule} ${effect} ${place}`, `  ${message}`, `  path: ${path?.join(' > ')}`].join('\n');
  });
  return texts.length === 0 ? 'nothing\n' : `${texts.sort().join('\n')}\n`;
}

describeWith(['gcc', 'clang'], 'what a plugin takes its host to be', () => {
  const directory = workspace();

  describe.each(cases)('%s', (name, one) => {
    it.each(WAYS.map((way) => [`${way.host[0]} host, ${way.plugin[0]} plugin`, way] as const))('%s', (_, way) => {
      const text = textOf(
        name,
        one,
        build(directory, name, 'host', way.host, one),
        build(directory, name, 'plugin', way.plugin, one),
      );
      const file = join(TABLE, name, 'expected.txt');
      if (process.env.PLUGIN_GATE_ABI_EXPECTED === 'write') writeFileSync(file, text);
      expect(text).toBe(existsSync(file) ? readFileSync(file, 'utf8') : '');
      expect(text === 'nothing\n').toBe(one.kind === 'look-alike');
    });
  });

  describe('what cannot be compared', () => {
    let plugin = '';
    let stripped = '';
    let strange = '';
    const source = '#line 1 "host_api.h"\nstruct host_api { int version; };\n#line 1 "a.c"\n';
    beforeAll(() => {
      const parts = join(directory, 'parts');
      mkdirSync(parts);
      plugin = compileC(parts, 'plugin', `${source}int init(struct host_api *api) { return api->version; }`, ['-g']);
      stripped = compileC(parts, 'stripped', `${source}struct host_api keep;`);
      strange = compileC(parts, 'strange', 'int other;', ['-g']);
    });
    const asked = { name: 'server', isHostHeader: () => true };

    it('is a remark with a host that has no debug information', () => {
      const { findings, compared } = compareWithHost(inputOf(plugin), inputOf(stripped), { name: 'server' });
      expect(findings).toMatchObject([{ rule: 'fit/host-types-unseen', severity: 'note', effect: 'compatible' }]);
      expect(findings[0]?.message).toContain('host_api');
      expect(compared).toEqual([]);
    });

    it.each([
      ['the host has no debug information', () => [plugin, stripped]],
      ['the host has none of the types', () => [plugin, strange]],
      ['the plugin has no debug information', () => [stripped, plugin]],
    ])('is undecided where the headers were named: %s', (_, files) => {
      const [own = '', host = ''] = files();
      const { findings } = compareWithHost(inputOf(own), inputOf(host), asked);
      expect(findings).toMatchObject([{ rule: 'fit/host-types-unseen', severity: 'undecided', effect: 'undecided' }]);
    });

    it('takes an object file that was compiled from the headers for the host', () => {
      const header = join(directory, 'host_api.h');
      writeFileSync(header, 'struct host_api { long version; };\n');
      const output = join(directory, 'headers.o');
      const options = ['-g', '-fno-eliminate-unused-debug-types', '-include', header, '-c', '-x', 'c', '/dev/null'];
      execFileSync('gcc', [...options, '-o', output]);
      const { findings } = compareWithHost(inputOf(plugin), inputOf(output), { name: 'server' });
      expect(findings).toMatchObject([{ rule: 'fit/host-type-differs', effect: 'breaking', type: 'struct host_api' }]);
    });
  });
});
