import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { z } from 'zod';
import type { AbiInput } from '../../src/abi/abi.ts';
import { compareWithHost } from '../../src/abi/host/compare-host.ts';
import { readElf } from '../../src/elf/read.ts';
import { matchesGlob } from '../../src/text/path-glob.ts';

/**
 * Pairs of a host and a plugin: test/fixtures/host-types/table.json says what each is about, <case>/ has host.c and
 * plugin.c (or .cc, .rs, .go) and expected.txt, the disagreements. PLUGIN_GATE_ABI_EXPECTED=write writes those for review.
 */
const TABLE = fileURLToPath(new URL('../fixtures/host-types/', import.meta.url));

const flags = z.array(z.string());
const entry = z.strictObject({
  kind: z.enum(['change', 'look-alike']),
  about: z.string(),
  flags: z.strictObject({ host: flags.optional(), plugin: flags.optional() }).optional(),
  /** Globs of the host's headers. */
  headers: flags.optional(),
  /** What the host takes symbols for. */
  entries: z.record(z.string(), z.string()).optional(),
});

export type HostCase = z.infer<typeof entry>;

type Language = 'c' | 'rust' | 'go';

/** The cases whose plugin is written in a language; C++ counts as C. Those of entry points are a group of their own. */
export function hostCases(
  language: Language,
  entries?: 'entry points' | 'types',
): readonly (readonly [name: string, one: HostCase])[] {
  const all = z.record(z.string(), entry).parse(JSON.parse(readFileSync(join(TABLE, 'table.json'), 'utf8')));
  return Object.entries(all).filter(
    ([name]) =>
      languageOf(sourceOf(name, 'plugin')) === language &&
      (entries === undefined || name.startsWith('entry-') === (entries === 'entry points')),
  );
}

function sourceOf(name: string, part: 'host' | 'plugin'): string {
  return readdirSync(join(TABLE, name)).find((file) => file.startsWith(`${part}.`)) ?? '';
}

function languageOf(source: string): Language {
  return source.endsWith('.rs') ? 'rust' : source.endsWith('.go') ? 'go' : 'c';
}

/** Builds one half of a case: `['gcc', '-O2']`, and of rustc and go their options. */
export function buildPart(
  directory: string,
  name: string,
  part: 'host' | 'plugin',
  [compiler = '', ...way]: readonly string[],
  one: HostCase,
): string {
  const from = join(TABLE, name);
  const source = sourceOf(name, part);
  const output = join(directory, `${name}-${part}-${compiler}.so`);
  const own = one.flags?.[part] ?? [];
  switch (languageOf(source)) {
    case 'rust':
      execFileSync('rustc', ['--crate-type=cdylib', '--edition=2021', '-g', ...way, ...own, '-o', output, source], {
        cwd: from,
        stdio: 'pipe',
      });
      return output;
    case 'go': {
      const env = { ...process.env, CGO_ENABLED: '1', GO111MODULE: 'off', CGO_CFLAGS: ['-g', ...way].join(' ') };
      execFileSync('go', ['build', '-buildmode=c-shared', ...own, '-o', output, source], {
        cwd: from,
        env,
        stdio: 'pipe',
      });
      return output;
    }
    case 'c': {
      const cxx = source.endsWith('.cc');
      const driver = cxx ? `${compiler}++`.replace('gcc++', 'g++') : compiler;
      const classes = cxx ? [compiler === 'clang' ? '-fstandalone-debug' : '-femit-class-debug-always'] : [];
      const args = ['-g', '-w', '-fPIC', '-shared', ...way, ...classes, ...own, '-o', output, source];
      execFileSync(driver, args, { cwd: from, stdio: 'pipe' });
      return output;
    }
  }
}

export function inputOf(file: string): AbiInput {
  const bytes = readFileSync(file);
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error(`${file} cannot be read`);
  return { image, bytes, search: { file, directories: [] } };
}

/** What host and plugin of a case disagree about, as expected.txt has it. */
export function disagreementsOf(name: string, { headers, entries }: HostCase, host: string, plugin: string): string {
  const locate = (file: string): string => {
    const inside = file.startsWith('/') ? relative(join(TABLE, name), file) : file;
    // What cgo makes stands in a directory for temporary files.
    return inside.startsWith('..') ? basename(file) : inside;
  };
  const { findings } = compareWithHost(inputOf(plugin), inputOf(host), {
    name: 'the host',
    locate,
    ...(headers !== undefined && {
      isHostHeader: (file: string) => headers.some((glob) => matchesGlob(glob, locate(file))),
    }),
    ...(entries !== undefined && {
      entries: Object.entries(entries).map(([symbol, type]) => ({ symbol, type })),
    }),
  });
  const texts = findings.map(({ rule, effect, location, path = [], message, affected = [], symbol }) => {
    const place = location === undefined ? '-' : `${location.file}:${location.line}`;
    // Which compiler describes what it only calls, and how many copies of a constructor there are, is another matter.
    expect(affected.length > 0 || symbol !== undefined).toBe(true);
    return [`${rule} ${effect} ${place}`, `  ${message}`, `  path: ${path.join(' > ')}`].join('\n');
  });
  return texts.length === 0 ? 'nothing\n' : `${texts.sort().join('\n')}\n`;
}

/** Expects the disagreements that were reviewed. */
export function expectReviewed(name: string, one: HostCase, text: string): void {
  const file = join(TABLE, name, 'expected.txt');
  if (process.env.PLUGIN_GATE_ABI_EXPECTED === 'write') writeFileSync(file, text);
  expect(text).toBe(existsSync(file) ? readFileSync(file, 'utf8') : '');
  expect(text === 'nothing\n').toBe(one.kind === 'look-alike');
}
