#!/usr/bin/env node
// Bundles src/ into dist/: two entries (cli, action) and the heavy parts that they load only when used.
//   node scripts/build.mjs            writes dist/
//   node scripts/build.mjs --check    builds into a temporary directory and compares with dist/
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licenceText } from './licences.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const partsDirectory = join(root, 'src', 'parts');

/** Dynamic imports of src/parts/x.ts stay outside the bundle that imports them, as `parts/x.cjs` beside it. */
function externalParts(outputDirectory) {
  return {
    name: 'external-parts',
    setup(builder) {
      builder.onResolve({ filter: /\.ts$/ }, ({ path, kind, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const file = resolve(resolveDir, path);
        if (dirname(file) !== partsDirectory) return undefined;
        const target = relative(outputDirectory, join('parts', `${basename(file, '.ts')}.cjs`));
        return { path: target.startsWith('.') ? target : `./${target}`, external: true };
      });
    },
  };
}

/** Modules of Node that take milliseconds to load, in commands that take forty. */
const SLOW_BUILTINS = /^(?:node:)?(?:assert|child_process|crypto|fs\/promises|zlib)$/;

/**
 * Slow modules of Node are loaded when a function of theirs is first called, and not with the bundle: most commands go
 * without them. Only for files that import functions by name, and for packages whose few uses are named here.
 */
function lazyBuiltins() {
  const used = {
    'commander node:child_process': ['spawn'],
    'elfy assert': ['equal'],
  };
  const namesIn = (path, importer) => {
    const owner = /node_modules\/(commander|elfy)\//.exec(importer)?.[1];
    if (owner !== undefined) return used[`${owner} ${path}`];
    if (!importer.startsWith(join(root, 'src')) || path === 'node:child_process') return undefined;
    const list = new RegExp(`^import \\{([^}]+)\\} from '${path}';$`, 'm').exec(readFileSync(importer, 'utf8'))?.[1];
    const names = list?.split(',').map((name) => name.trim());
    return names?.filter((name) => name !== '' && !name.startsWith('type '));
  };
  return {
    name: 'lazy-builtins',
    setup(builder) {
      builder.onResolve({ filter: SLOW_BUILTINS }, ({ path, importer, kind }) => {
        const names = kind === 'dynamic-import' ? undefined : namesIn(path, importer);
        if (names === undefined || !names.every((name) => /^[a-z]\w*$/.test(name))) return undefined;
        return { path: `${path}:${[...new Set(names)].sort().join(',')}`, namespace: 'lazy-builtin' };
      });
      builder.onLoad({ filter: /.*/, namespace: 'lazy-builtin' }, ({ path }) => {
        const at = path.lastIndexOf(':');
        const load = `require(${JSON.stringify(path.slice(0, at))})`;
        const getters = path
          .slice(at + 1)
          .split(',')
          .map((name) => `get ${name}(){return ${load}.${name}}`);
        // elfy asks once whether two lengths are equal; assert brings the stream of standard error with it.
        const equal = `equal(...all){all[0]==all[1]||${load}.equal(...all)}`;
        return { contents: `module.exports={${path === 'assert:equal' ? equal : getters}};`, loader: 'js' };
      });
    },
  };
}

/** What a finding needs of the catalogue is its severity: the texts are a hundred kilobytes that few runs show. */
async function severities() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/rules/catalogue.ts'],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  const { catalogue } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  );
  const map = Object.fromEntries(Object.entries(catalogue).map(([id, { severity }]) => [id, severity]));
  return {
    name: 'severities',
    setup(builder) {
      builder.onResolve({ filter: /^\.\/catalogue\.ts$/ }, ({ path, importer }) =>
        importer === join(root, 'src', 'rules', 'make.ts') ? { path, namespace: 'severities' } : undefined,
      );
      builder.onLoad({ filter: /.*/, namespace: 'severities' }, () => ({
        contents: `const map = ${JSON.stringify(map)};\nexport const ruleOf = (id) => ({ severity: map[id] });\n`,
        loader: 'js',
      }));
    },
  };
}

/** The texts are a part of their own, which the module that looks rules up loads when somebody asks for one. */
function catalogueApart(entry, outputDirectory) {
  const part = relative(outputDirectory, join('parts', 'rules.cjs'));
  const load = `require(${JSON.stringify(part.startsWith('.') ? part : `./${part}`)}).catalogue`;
  return {
    name: 'catalogue-apart',
    setup(builder) {
      if (entry === 'src/parts/rules.ts') return;
      builder.onResolve({ filter: /\/catalogue\.ts$/ }, ({ path, resolveDir }) =>
        resolve(resolveDir, path) === join(root, 'src', 'rules', 'catalogue.ts')
          ? { path: 'catalogue', namespace: 'catalogue-apart' }
          : undefined,
      );
      builder.onResolve({ filter: /\/rules\.cjs$/ }, ({ path }) => ({ path, external: true }));
      builder.onLoad({ filter: /.*/, namespace: 'catalogue-apart' }, () => ({
        contents: `module.exports={get catalogue(){return ${load}},ruleOf:(id)=>${load}[id],isRuleId:(id)=>Object.hasOwn(${load},id)};`,
        loader: 'js',
      }));
    },
  };
}

async function bundle(entry, output, directory, plugins) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(directory, output),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // ASCII: V8 reads and compiles one-byte sources in half the time.
    charset: 'ascii',
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    metafile: true,
    logLevel: 'warning',
    logOverride: { 'empty-import-meta': 'silent' },
    // dynamic imports of parts become require(): the parts are CommonJS and load synchronously.
    supported: { 'dynamic-import': false },
    banner: { js: "const __bundle={get url(){return require('node:url').pathToFileURL(__filename).href}};" },
    define: { 'import.meta.url': '__bundle.url' },
    plugins: [externalParts(dirname(output)), lazyBuiltins(), ...plugins, catalogueApart(entry, dirname(output))],
  });
  return Object.keys(result.metafile.inputs);
}

async function buildInto(directory) {
  const inputs = new Set();
  const plugins = [await severities()];
  const entries = [
    ['src/cli.ts', 'cli.cjs'],
    ['src/action.ts', 'action.cjs'],
    ...readdirSync(partsDirectory)
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => [`src/parts/${name}`, `parts/${basename(name, '.ts')}.cjs`]),
  ];
  for (const [entry, output] of entries) {
    for (const input of await bundle(entry, output, directory, plugins)) inputs.add(input);
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'LICENSES.txt'), licenceText(root, inputs));
}

function filesBelow(directory, prefix = '') {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const path = join(directory, name);
      return statSync(path).isDirectory() ? filesBelow(path, `${prefix}${name}/`) : [`${prefix}${name}`];
    });
}

const dist = join(root, 'dist');
if (process.argv.includes('--check')) {
  const temporary = mkdtempSync(join(tmpdir(), 'plugin-gate-dist-'));
  try {
    await buildInto(temporary);
    const names = [...new Set([...filesBelow(temporary), ...filesBelow(dist)])].sort();
    const different = names.filter((name) => {
      const [a, b] = [join(temporary, name), join(dist, name)];
      return !existsSync(a) || !existsSync(b) || !readFileSync(a).equals(readFileSync(b));
    });
    if (different.length > 0) {
      console.error(`dist/ is not what src/ builds: ${different.join(', ')}\nRun "npm run build" and commit dist/.`);
      process.exit(1);
    }
    console.log(`dist/ is what src/ builds (${names.length} files).`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
} else {
  rmSync(dist, { recursive: true, force: true });
  await buildInto(dist);
  for (const name of filesBelow(dist))
    console.log(`${String(statSync(join(dist, name)).size).padStart(9)}  dist/${name}`);
}
