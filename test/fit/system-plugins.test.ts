import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readElf } from '../../src/elf/read.ts';
import { libraryFinder } from '../../src/fit/library-files.ts';
import type { LoadableFile } from '../../src/fit/model.ts';
import { fitPlugin } from '../../src/fit/plugin.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

/** Where Debian and Ubuntu keep plugins: character sets of the C library, PAM, Perl, LADSPA, GStreamer, nginx, apache. */
const PLACES = ['gconv', 'security', 'perl-base/auto', 'ladspa', 'gstreamer-1.0', 'sasl2', 'engines-3', 'ossl-modules'];
const MOST_OF_EACH = 25;

function pluginsBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.so'))
    .sort()
    .slice(0, MOST_OF_EACH)
    .map((name) => join(directory, name));
}

function load(file: string): LoadableFile | undefined {
  const { image } = readElf(readFileSync(file));
  return image === undefined ? undefined : { file, image };
}

describeWith(['cc'], 'plugins of this system in a bare host', () => {
  const directory = workspace();

  it('load or not as fit says', () => {
    const source = join(directory, 'host.c');
    const program = join(directory, 'host');
    // Leaves before destructors run: only loading is asked about.
    writeFileSync(
      source,
      '#include <dlfcn.h>\n#include <unistd.h>\nint main(int c, char **v) { (void)c; _exit(dlopen(v[1], RTLD_NOW) ? 0 : 1); }',
    );
    execFileSync('cc', ['-o', program, source, '-ldl']);
    const host = load(program);
    if (host === undefined) throw new Error('the host could not be read');
    const find = libraryFinder(host.image);
    const roots = readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu') || name === 'lib64');
    const files = roots.flatMap((root) => PLACES.flatMap((place) => pluginsBelow(join('/usr/lib', root, place))));
    // glibc brings its character sets on every Debian and Ubuntu.
    expect(files.length).toBeGreaterThan(20);
    const wrong = files.flatMap((file) => {
      const plugin = load(file);
      if (plugin === undefined) return [`${file} could not be read`];
      const { loads, reasons } = fitPlugin(host, plugin, { find });
      const real = spawnSync(program, [file], { env: {}, timeout: 10_000 }).status === 0;
      if (loads === real || (loads === 'undecided' && !real)) return [];
      return [`${file}: fit says ${loads}, dlopen ${real}; ${reasons.map(({ message }) => message).join(' ')}`];
    });
    expect(wrong).toEqual([]);
  });
});
