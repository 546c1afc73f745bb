import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openElf } from '../../src/elf/open.ts';
import { readElf } from '../../src/elf/read.ts';
import { libraryFinder } from '../../src/fit/library-files.ts';
import { fitPlugins } from '../../src/fit/plugin.ts';
import { parseBuildInfo } from '../../src/golang/build-info.ts';
import { fitGo } from '../../src/golang/fit/fit.ts';
import { type GoReading, readGo } from '../../src/golang/read.ts';
import { isReleased, parseToolchain, refusesProperly } from '../../src/golang/toolchain.ts';
import { describeWith } from '../support/needs.ts';
import { writeTree } from '../support/workspace.ts';
import { keptDirectory } from './kept-directory.ts';
import { loadable, Workbench } from './workbench.ts';

const ROOT = keptDirectory('read');

function reading(bytes: Uint8Array): GoReading | undefined {
  const { image } = readElf(bytes);
  return image === undefined ? undefined : readGo(bytes, image);
}

describe('build information', () => {
  it('is read as runtime/debug writes it, with replacements and quoted values', () => {
    const info = parseBuildInfo(
      'go1.24.4',
      [
        'path\texample.com/plug',
        'mod\texample.com/plug\t(devel)\t',
        'dep\texample.com/a\tv1.2.0\th1:aaa=',
        'dep\texample.com/b\tv1.0.0',
        '=>\t../b\t\t',
        'build\t-ldflags="-X main.v=\\"1\\" -s"',
        'build\t-tags=a,b',
        'build\tCGO_ENABLED=1',
      ].join('\n'),
    );
    expect(info.modules).toEqual([
      { path: 'example.com/a', version: 'v1.2.0', sum: 'h1:aaa=' },
      { path: 'example.com/b', version: 'v1.0.0', replace: { path: '../b', version: '' } },
    ]);
    expect(Object.fromEntries(info.settings)).toEqual({
      '-ldflags': '-X main.v="1" -s',
      '-tags': 'a,b',
      CGO_ENABLED: '1',
    });
  });

  it('names toolchains', () => {
    expect(parseToolchain('go1.24.4 X:arenas,rangefunc')).toEqual({
      release: 'go1.24.4',
      experiments: 'arenas,rangefunc',
      minor: 24,
    });
    expect(parseToolchain('go1.26.8-X:arenas')).toEqual({ release: 'go1.26.8', experiments: 'arenas', minor: 26 });
    expect(parseToolchain('devel go1.27-abcdef Mon')).toMatchObject({ experiments: '', minor: 27 });
    expect(['go1.24.4', 'go1.21rc2', 'go1.25.3-custom'].every(isReleased)).toBe(true);
    expect(['devel go1.27-abc', 'go1.24.4;x', '$(x)', ''].some(isReleased)).toBe(false);
    expect(refusesProperly(parseToolchain('go1.22.1'), parseToolchain('go1.25.0'))).toBe(true);
    expect(refusesProperly(parseToolchain('go1.25.0'), parseToolchain('go1.26.0'))).toBe(false);
  });
});

describeWith(['go', 'gcc', 'strip'], 'reading a Go plugin', () => {
  const bench = new Workbench(ROOT);
  const plugin = () => bench.plugin({ flags: ['-ldflags=-w'] });

  it('agrees with go version -m', () => {
    const file = plugin();
    const printed = execFileSync('go', ['version', '-m', file], { encoding: 'utf8' });
    const { build } = reading(readFileSync(file)) ?? {};
    expect(printed.split('\n')[0]?.split(': ')[1]).toBe(build?.toolchain);
    const text = printed
      .split('\n')
      .slice(1)
      .map((line) => line.slice(1))
      .join('\n');
    expect(parseBuildInfo(build?.toolchain ?? '', text)).toEqual(build);
  });

  it('needs neither section headers nor symbols beside the dynamic ones', () => {
    const bytes = readFileSync(plugin());
    const whole = reading(bytes);
    const bare = Buffer.from(bytes);
    bare.fill(0, 40, 48); // e_shoff
    bare.fill(0, 60, 64); // e_shnum, e_shstrndx
    const found = reading(bare);
    expect(found?.plugin).toEqual(whole?.plugin);
    expect(found?.hashes).toEqual(whole?.hashes);
    expect(found?.directories).toEqual(whole?.directories);
  });

  it('piece by piece gives the same, and touches little for what fit asks', () => {
    const bytes = readFileSync(plugin());
    let read = 0;
    const open = openElf(bytes.length, (buffer, offset, length, position) => {
      read += length;
      return bytes.copy(buffer, offset, position, position + length);
    });
    if (!('image' in open)) throw new Error('not read');
    const whole = reading(bytes);
    const found = readGo(open.bytes, open.image, open.find);
    const packages = whole?.plugin?.packages ?? [];
    expect(packages.length).toBeGreaterThan(20);
    expect(found?.plugin?.packages).toEqual(packages);
    expect(packages.map(({ path }) => found?.hashes.get(path))).toEqual(packages.map(({ hash }) => hash));
    expect(found?.hashes.has('example.com/absent')).toBe(false);
    expect(read).toBeLessThan(bytes.length / 3);
    expect(found?.plugin?.table).toEqual(whole?.plugin?.table);
    expect(found?.directories).toEqual(whole?.directories);
    expect(found?.trimmed).toBe(false);
    expect([...(found?.hashes ?? [])]).toEqual([...(whole?.hashes ?? [])]);
    expect(found?.build).toEqual(whole?.build);
  });

  it('that is cut or edited comes to an end, and is not guessed', () => {
    const bytes = readFileSync(plugin());
    const whole = reading(bytes);
    for (let part = 1; part < 24; part += 1) {
      const cut = reading(bytes.subarray(0, Math.floor((bytes.length * part) / 24)));
      if (cut?.plugin !== undefined) expect(cut.plugin.packages).toEqual(whole?.plugin?.packages);
    }
    let seed = 42;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed % below;
    };
    for (let round = 0; round < 60; round += 1) {
      const edited = Buffer.from(bytes);
      for (let count = 0; count < 2000; count += 1) edited[random(edited.length)] = random(256);
      const go = reading(edited);
      // A list that does not agree with the dynamic symbols is not believed.
      for (const { path, hash } of go?.plugin?.packages ?? []) expect(go?.hashes.get(path)).toBe(hash);
    }
  });

  it('of an unknown layout is undecided, with what was tried', () => {
    const file = plugin();
    const go = reading(readFileSync(file));
    if (go === undefined) throw new Error('not read');
    const { plugin: _, ...rest } = go;
    const future = { ...rest, toolchain: 'go1.99.0', tried: 'Looked everywhere.' };
    const { fit, findings } = fitGo({ file: 'host', go }, { file, go: future });
    expect(fit).toMatchObject({ ordered: false, mismatches: [] });
    expect(findings.map(({ rule, severity }) => `${rule} ${severity}`)).toContain('go/not-read undecided');
    expect(findings.find(({ rule }) => rule === 'go/not-read')?.message).toContain('Looked everywhere.');
  });
});

describeWith(['go', 'gcc'], 'a plugin whose tables are laid out in a way that is not known', () => {
  const bench = new Workbench(ROOT);

  it('does not load for certain, and does not fail for certain', () => {
    const host = bench.host({});
    const file = bench.plugin({});
    const bytes = readFileSync(file);
    const { image } = readElf(bytes);
    const module = image?.sections.find(({ name }) => name === '.go.module');
    const go = reading(bytes);
    if (image === undefined || module === undefined || go?.plugin === undefined) throw new Error('not read');
    // All lengths of slices in moduledata grow by one: as if other fields stood there.
    const future = Buffer.from(bytes);
    for (let at = module.offset; at + 8 <= module.offset + module.size; at += 8) {
      const value = future.readBigUInt64LE(at);
      if (value > 0n && value < 100_000n) future.writeBigUInt64LE(value + 1n + BigInt(at % 16), at);
    }
    const found = reading(future);
    expect(found?.plugin).toBeUndefined();
    expect(found?.tried).toContain('.go.module');
    expect(found?.tried).toContain('1.26, 1.20 to 1.25, 1.18 to 1.19');
    expect(found?.hashes.size).toBe(go.hashes.size);
    const { image: changed } = readElf(future);
    if (changed === undefined || found === undefined) throw new Error('not read');
    const [fit] = fitPlugins(loadable(host), [{ file, image: changed, go: found }], { find: libraryFinder(changed) });
    expect(fit?.loads).toBe('undecided');
    const [reason, ...others] = fit?.reasons ?? [];
    expect(others).toEqual([]);
    expect(reason).toMatchObject({ rule: 'go/not-read', severity: 'undecided' });
    expect(reason?.message).toContain('none fitted');
  });
});

describeWith(['go', 'aarch64-linux-gnu-gcc'], 'a plugin for arm64', () => {
  it('is read in the same way', () => {
    const directory = join(ROOT, 'arm64');
    writeTree(directory, {
      'main.go':
        'package main\n\nimport "C"\n\nvar Limit = 3\n\nfunc Handle(s string) error { return nil }\n\nfunc main() {}\n',
      'go.mod': 'module example.com/arm\n\ngo 1.19\n',
    });
    const file = join(directory, 'plugin.so');
    const env = { CGO_ENABLED: '1', GOARCH: 'arm64', CC: 'aarch64-linux-gnu-gcc', GOFLAGS: '-buildvcs=false' };
    execFileSync('go', ['build', '-buildmode=plugin', '-ldflags=-s -w', '-o', file, '.'], {
      cwd: directory,
      stdio: 'pipe',
      env: { ...process.env, ...env },
    });
    const bytes = readFileSync(file);
    const found = reading(bytes);
    expect(found?.plugin?.path).toBe('example.com/arm');
    expect(found?.plugin?.table.symbols.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([
      'Handle func(string) error',
      'Limit int',
    ]);
    expect(found?.plugin?.packages.length).toBe(found?.hashes.size);
    bytes.fill(0, 40, 48);
    bytes.fill(0, 60, 64);
    expect(reading(bytes)?.plugin).toEqual(found?.plugin);
  }, 240_000);
});
