import type { PLUGINS } from './sources.ts';

/** How a host or a plugin is built; what is absent is as everywhere. */
export interface BuildOptions {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Versions of modules other than v1.0.0. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Where modules come from: other source under the same version, or a module cache in another directory. */
  readonly modules?: 'edited-type' | 'edited-body' | 'other-cache';
  /** Runs strip -s on the file. */
  readonly strip?: boolean;
}

export interface HostOptions extends BuildOptions {
  readonly withoutPlugin?: boolean;
}

export interface PluginOptions extends BuildOptions {
  readonly source?: keyof typeof PLUGINS;
  /** Modules replaced by a copy of their source in a directory. */
  readonly replaceLib?: boolean;
  /** How a plugin gets the host's own module. */
  readonly hostModule?: 'replace' | 'workspace';
  /** Another module path, and so another plugin path. */
  readonly module?: string;
}

export interface Variant {
  readonly title: string;
  readonly host?: HostOptions;
  /** All opened by one host, in this order. */
  readonly plugins: readonly PluginOptions[];
  /** Rule and subject of each finding that says something of the last plugin, sorted. */
  readonly findings: readonly string[];
}

const TRIM = ['-trimpath'];
const DEBUG = ['-gcflags=all=-N -l'];
const NEWER = { 'example.com/lib': 'v1.1.0' };

/** Each cause alone, pairs of causes, and what Go does not notice. */
export const VARIANTS: readonly Variant[] = [
  { title: 'everything alike', plugins: [{}], findings: [] },
  { title: '-trimpath on both sides', host: { flags: TRIM }, plugins: [{ flags: TRIM }], findings: [] },
  { title: 'plugin linked with -s -w', plugins: [{ flags: ['-ldflags=-s -w'] }], findings: [] },
  { title: 'both stripped', host: { strip: true }, plugins: [{ strip: true }], findings: [] },
  { title: '-trimpath for the plugin', plugins: [{ flags: TRIM }], findings: ['go/flags-mismatch -trimpath'] },
  {
    title: '-trimpath for the host',
    host: { flags: TRIM },
    plugins: [{}],
    findings: ['go/flags-mismatch -trimpath'],
  },
  {
    title: 'a newer version of a module, another type',
    plugins: [{ versions: NEWER }],
    findings: ['go/module-version example.com/lib', 'go/package-mismatch example.com/lib'],
  },
  {
    title: 'a newer version of a module, only a body that is not inlined',
    plugins: [{ versions: { 'example.com/lib': 'v1.0.1' } }],
    // Its directory has the version in its name, and places in the source are part of the hash.
    findings: ['go/module-version example.com/lib', 'go/package-mismatch example.com/lib'],
  },
  {
    title: 'the same version with another type',
    host: { flags: TRIM },
    plugins: [{ flags: TRIM, modules: 'edited-type' }],
    findings: ['go/module-source example.com/lib', 'go/package-mismatch example.com/lib'],
  },
  {
    title: 'the same version with another body',
    host: { flags: TRIM },
    plugins: [{ flags: TRIM, modules: 'edited-body' }],
    findings: ['go/module-unnoticed example.com/lib'],
  },
  { title: '-gcflags=all for the plugin', plugins: [{ flags: DEBUG }], findings: ['go/flags-mismatch -gcflags'] },
  {
    title: '-gcflags=all for the host',
    host: { flags: DEBUG },
    plugins: [{}],
    findings: ['go/flags-mismatch -gcflags'],
  },
  { title: '-gcflags for the plugin package alone', plugins: [{ flags: ['-gcflags=-N -l'] }], findings: [] },
  { title: '-race for the plugin', plugins: [{ flags: ['-race'] }], findings: ['go/flags-mismatch -race'] },
  { title: '-race on both sides', host: { flags: ['-race'] }, plugins: [{ flags: ['-race'] }], findings: [] },
  {
    title: 'a build tag that a shared package knows',
    plugins: [{ flags: ['-tags=special'] }],
    findings: ['go/flags-mismatch -tags'],
  },
  {
    title: 'a build tag that nothing knows',
    plugins: [{ flags: ['-tags=unheard'] }],
    findings: ['go/settings-unnoticed -tags'],
  },
  {
    title: 'GOEXPERIMENT for the plugin',
    plugins: [{ env: { GOEXPERIMENT: 'arenas' } }],
    findings: ['go/flags-mismatch GOEXPERIMENT'],
  },
  {
    title: 'GOAMD64 for the plugin',
    plugins: [{ env: { GOAMD64: 'v2' } }],
    findings: ['go/settings-unnoticed GOAMD64'],
  },
  {
    title: 'CGO_CFLAGS for the plugin',
    plugins: [{ env: { CGO_CFLAGS: '-O1' } }],
    findings: ['go/settings-unnoticed CGO_CFLAGS'],
  },
  {
    title: 'the module cache elsewhere',
    plugins: [{ modules: 'other-cache' }],
    findings: ['go/build-path GOMODCACHE'],
  },
  {
    title: 'the module cache elsewhere, -trimpath on both sides',
    host: { flags: TRIM },
    plugins: [{ flags: TRIM, modules: 'other-cache' }],
    findings: [],
  },
  {
    title: 'a dependency replaced by a directory',
    plugins: [{ replaceLib: true }],
    findings: ['go/package-mismatch example.com/lib', 'go/replace-path example.com/lib'],
  },
  {
    title: 'a dependency replaced by a directory, -trimpath on both sides',
    host: { flags: TRIM },
    plugins: [{ flags: TRIM, replaceLib: true }],
    findings: [],
  },
  {
    title: "the host's own module through replace",
    plugins: [{ source: 'sdk', hostModule: 'replace' }],
    findings: [],
  },
  {
    title: "the host's own module through replace, -trimpath on both sides",
    host: { flags: TRIM },
    plugins: [{ source: 'sdk', hostModule: 'replace', flags: TRIM }],
    findings: ['go/replace-path example.com/host'],
  },
  {
    title: "the host's own module in a workspace, -trimpath on both sides",
    host: { flags: TRIM },
    plugins: [{ source: 'sdk', hostModule: 'workspace', flags: TRIM }],
    findings: [],
  },
  {
    title: '-trimpath and a newer version',
    plugins: [{ flags: TRIM, versions: NEWER }],
    findings: ['go/flags-mismatch -trimpath', 'go/module-version example.com/lib'],
  },
  {
    title: '-trimpath and -gcflags=all',
    plugins: [{ flags: [...TRIM, ...DEBUG] }],
    findings: ['go/flags-mismatch -gcflags', 'go/flags-mismatch -trimpath'],
  },
  {
    title: '-gcflags=all and a newer version',
    plugins: [{ flags: DEBUG, versions: NEWER }],
    findings: ['go/flags-mismatch -gcflags', 'go/module-version example.com/lib'],
  },
  {
    title: '-race and a build tag that a shared package knows',
    plugins: [{ flags: ['-race', '-tags=special'] }],
    findings: ['go/flags-mismatch -race'],
  },
  {
    title: 'two plugins with one path',
    plugins: [{}, { flags: ['-ldflags=-s'] }],
    findings: ['go/plugin-path-twice example.com/plug'],
  },
  {
    title: 'two plugins with paths of their own',
    plugins: [{}, { flags: ['-ldflags=-pluginpath=other', '-gcflags=-p=other'] }],
    findings: [],
  },
  {
    title: 'the second plugin after one that was refused',
    plugins: [{ flags: TRIM }, {}],
    // The refused one stays mapped, and its main package has the same path.
    findings: ['go/plugins-disagree -trimpath'],
  },
  {
    title: 'two plugins that disagree about a package that the host lacks',
    plugins: [
      { source: 'extra' },
      { source: 'extra', module: 'example.com/second', versions: { 'example.com/extra': 'v1.1.0' } },
    ],
    findings: ['go/plugins-disagree example.com/extra'],
  },
  {
    title: 'two plugins that agree about a package that the host lacks',
    plugins: [{ source: 'extra' }, { source: 'extra', module: 'example.com/second' }],
    findings: [],
  },
  {
    title: 'a host without the package plugin',
    host: { withoutPlugin: true },
    plugins: [{}],
    findings: ['fit/host-static host', 'go/host-cannot-load host'],
  },
  {
    title: 'a host without cgo',
    host: { env: { CGO_ENABLED: '0' } },
    plugins: [{}],
    findings: ['fit/host-static host', 'go/host-cannot-load host'],
  },
];
