import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readElf } from '../../src/elf/read.ts';
import { libraryFinder } from '../../src/fit/library-files.ts';
import type { Fit, LoadableFile } from '../../src/fit/model.ts';
import { fitPlugins } from '../../src/fit/plugin.ts';
import { readGo } from '../../src/golang/read.ts';
import { writeTree } from '../support/workspace.ts';
import { writeProxy } from './module-proxy.ts';
import { EDITED_BODY, EDITED_TYPE, HOST_FILES, HOST_WITHOUT_PLUGIN, PLUGINS, PUBLISHED } from './sources.ts';
import type { BuildOptions, HostOptions, PluginOptions } from './variants.ts';

/** A toolchain: what is put before PATH, and variables. */
export interface Toolchain {
  readonly path?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Builds hosts and plugins below one directory, each combination of options once. */
export class Workbench {
  readonly #root: string;
  readonly #built = new Map<string, string>();
  #count = 0;
  readonly #proxies: Readonly<Record<string, string>>;

  constructor(root: string) {
    this.#root = root;
    this.#proxies = {
      usual: writeProxy(join(root, 'proxy'), PUBLISHED),
      'edited-type': writeProxy(join(root, 'proxy-type'), EDITED_TYPE),
      'edited-body': writeProxy(join(root, 'proxy-body'), EDITED_BODY),
      'other-cache': writeProxy(join(root, 'proxy'), PUBLISHED),
    };
    writeTree(join(root, 'host-source'), HOST_FILES);
    const lib = PUBLISHED[0];
    writeTree(join(root, 'lib-copy'), lib?.files ?? {});
  }

  host(options: HostOptions, toolchain: Toolchain = {}): string {
    return this.#once('host', options, toolchain, (output) => {
      const directory = join(this.#root, options.withoutPlugin === true ? 'host-plain' : 'host-source');
      if (options.withoutPlugin === true) {
        cpSync(join(this.#root, 'host-source'), directory, { recursive: true });
        writeFileSync(join(directory, 'main.go'), HOST_WITHOUT_PLUGIN);
      }
      rmSync(join(directory, 'go.sum'), { force: true });
      writeFileSync(join(directory, 'go.mod'), goMod('example.com/host', options, ['lib', 'dep']));
      this.#go(directory, ['-o', output], options, toolchain);
    });
  }

  plugin(options: PluginOptions, toolchain: Toolchain = {}): string {
    return this.#once('plugin', options, toolchain, (output) => {
      const directory = `${output}.source`;
      const source = options.source ?? 'usual';
      const needs = { usual: ['lib', 'dep'], extra: ['extra'], sdk: [] }[source];
      const host = join(this.#root, 'host-source');
      const lines = [goMod(options.module ?? 'example.com/plug', options, needs)];
      if (options.replaceLib === true) lines.push(`replace example.com/lib => ${join(this.#root, 'lib-copy')}`);
      if (options.hostModule === 'replace') {
        lines.push('require example.com/host v0.0.0', `replace example.com/host => ${host}`);
        lines.push('require example.com/lib v1.0.0', 'require example.com/dep v1.0.0');
      }
      writeTree(directory, { 'main.go': PLUGINS[source], 'go.mod': `${lines.join('\n')}\n` });
      if (options.hostModule === 'workspace') {
        writeFileSync(join(host, 'go.mod'), goMod('example.com/host', {}, ['lib', 'dep']));
        writeFileSync(join(directory, 'go.work'), `go 1.19\n\nuse .\nuse ${host}\n`);
      }
      this.#go(directory, ['-buildmode=plugin', '-o', output], options, toolchain);
    });
  }

  #once(kind: string, options: BuildOptions, toolchain: Toolchain, build: (output: string) => void): string {
    const key = JSON.stringify([kind, options, toolchain]);
    const known = this.#built.get(key);
    if (known !== undefined) return known;
    this.#count += 1;
    const output = join(this.#root, `${kind}-${this.#count}`);
    build(output);
    if (options.strip === true) execFileSync('strip', ['-s', output]);
    this.#built.set(key, output);
    return output;
  }

  #go(directory: string, words: readonly string[], options: BuildOptions, toolchain: Toolchain): void {
    mkdirSync(directory, { recursive: true });
    const { modules = 'usual', flags = [], env = {} } = options;
    const workspace = (options as PluginOptions).hostModule === 'workspace';
    const path = `${toolchain.path === undefined ? '' : `${toolchain.path}:`}${process.env.PATH}`;
    // Without debug information the linker has half as much to do; that of other toolchains is read in a test.
    const plain = toolchain.env !== undefined || flags.some((flag) => flag.startsWith('-ldflags'));
    execFileSync('go', ['build', ...words, '-p=2', ...(plain ? [] : ['-ldflags=-w']), ...flags, '.'], {
      cwd: directory,
      stdio: 'pipe',
      env: {
        ...process.env,
        PATH: path,
        CGO_ENABLED: '1',
        GOFLAGS: workspace ? '-buildvcs=false' : '-buildvcs=false -mod=mod -modcacherw',
        GOWORK: workspace ? '' : 'off',
        GOPROXY: this.#proxies[modules] ?? 'off',
        GOSUMDB: 'off',
        GOMODCACHE: join(this.#root, modules === 'usual' ? 'cache' : `cache-${modules}`),
        ...toolchain.env,
        ...env,
      },
    });
  }
}

function goMod(module: string, { versions = {} }: BuildOptions, needs: readonly string[]): string {
  const requires = needs.map((name) => {
    const path = `example.com/${name}`;
    return `require ${path} ${versions[path] ?? 'v1.0.0'}`;
  });
  return `module ${module}\n\ngo 1.19\n\n${requires.join('\n')}\n`;
}

/** What the runtime said of each plugin: opened, or its message; `ended` when the host did not survive it. */
export type Answer = { readonly opened: true } | { readonly opened: false; readonly message: string };

export function openReally(host: string, plugins: readonly string[]): readonly Answer[] {
  const { stderr, status } = spawnSync(host, plugins, { encoding: 'utf8', timeout: 30_000 });
  const lines = stderr.split('\n').filter((line) => /^(?:opened$|refused )/.test(line));
  const answers = lines.map((line): Answer => {
    return line === 'opened' ? { opened: true } : { opened: false, message: line.slice('refused '.length) };
  });
  if (answers.length < plugins.length) answers.push({ opened: false, message: `ended ${status}: ${stderr}` });
  return answers;
}

/** The static answer, as `fit` gives it. */
export function fitFiles(host: string, plugins: readonly string[]): readonly Fit[] {
  const first = loadable(host);
  return fitPlugins(first, plugins.map(loadable), { find: libraryFinder(first.image) });
}

export function loadable(file: string): LoadableFile {
  const bytes = readFileSync(file);
  const { image, problems } = readElf(bytes);
  if (image === undefined) throw new Error(`${file}: ${problems[0]?.message}`);
  const go = readGo(bytes, image);
  return { file, image, ...(go === undefined ? {} : { go }) };
}
