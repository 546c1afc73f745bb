import type { ElfImage } from '../elf/model.ts';
import { nameText } from '../elf/name.ts';
import type { GoModule } from '../golang/build-info.ts';
import { type GoReading, readGo } from '../golang/read.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { truncate } from '../text/truncate.ts';
import { plural } from '../text/units.ts';
import type { GoInspection } from './inspect-json.ts';

/** Modules, settings and symbols that are listed for a person; JSON has all. */
const MOST_LISTED = 25;
const LONGEST_TEXT = 200;

/** What the Go toolchain left in a file; undefined when Go did not make it. */
export function inspectGo(bytes: Uint8Array, image: ElfImage): GoInspection | undefined {
  const go = readGo(bytes, image);
  if (go === undefined) return undefined;
  return { rows: goRows(go), json: goJson(go), ...(go.plugin === undefined ? {} : { pluginPath: go.plugin.path }) };
}

function goJson(go: GoReading): Readonly<Record<string, unknown>> {
  const { toolchain, build, producer, hashes, plugin, tried } = go;
  const buildMode = build?.settings.get('-buildmode');
  return {
    ...(toolchain === undefined ? {} : { toolchain }),
    ...(build?.package === undefined ? {} : { package: build.package }),
    ...(build?.module === undefined ? {} : { module: { path: build.module.path, version: build.module.version } }),
    ...(buildMode === undefined ? {} : { buildMode }),
    ...(plugin === undefined ? {} : { pluginPath: plugin.path }),
    ...(build === undefined
      ? {}
      : { modules: build.modules.map(moduleJson), settings: Object.fromEntries(build.settings) }),
    ...(producer === undefined ? {} : { compilerFlags: producer.flags }),
    // A plugin's packages come in the order in which plugin.Open compares them.
    packages: plugin?.packages ?? [...hashes].map(([path, hash]) => ({ path, hash })),
    ...(plugin === undefined
      ? {}
      : { symbols: plugin.table.symbols.map(({ name, kind, type }) => ({ name, kind, type })) }),
    ...(tried === undefined ? {} : { notRead: tried }),
  };
}

function moduleJson({ path, version, sum, replace }: GoModule): Readonly<Record<string, unknown>> {
  return {
    path,
    version,
    ...(sum === undefined ? {} : { sum }),
    ...(replace === undefined ? {} : { replace: moduleJson(replace) }),
  };
}

/** Raw text from the file, safe to print and short enough to read. */
function shown(raw: string): string {
  return escapeTerminal(truncate(nameText(raw), LONGEST_TEXT));
}

type Row = readonly [label: string, text: string];

/** What the Go toolchain left in the file, as rows for a person. */
function goRows(go: GoReading): readonly Row[] {
  const { toolchain, build, producer, hashes, plugin, tried } = go;
  const rows: Row[] = [['toolchain', toolchain === undefined ? 'not named in the file' : shown(toolchain)]];
  if (build?.package !== undefined) rows.push(['package', shown(build.package)]);
  if (build?.module !== undefined) rows.push(['module', moduleText(build.module)]);
  const modules = build?.modules ?? [];
  rows.push(...listed('needs', modules.map(moduleText)));
  const settings = [...(build?.settings ?? [])].filter(([, value]) => value !== '');
  rows.push(
    ...listed(
      'settings',
      settings.map(([key, value]) => shown(`${key}=${value}`)),
    ),
  );
  if (producer !== undefined && producer.flags.length > 0) rows.push(['compiler', shown(producer.flags.join(' '))]);
  if (hashes.size > 0) rows.push(['packages', `${plural(hashes.size, 'package')} with hashes`]);
  if (plugin !== undefined) {
    rows.push(['plugin path', shown(plugin.path)]);
    const symbols = plugin.table.symbols.map(({ name, kind, type }) =>
      shown(kind === 'func' ? `func ${name}${type.replace(/^func/, '')}` : `var ${name} ${type}`),
    );
    rows.push(...listed('Lookup finds', symbols));
  }
  if (tried !== undefined) rows.push(['not read', shown(tried)]);
  return rows;
}

function moduleText({ path, version, replace }: GoModule): string {
  const name = `${shown(path)}${version === '' ? '' : ` ${shown(version)}`}`;
  return replace === undefined ? name : `${name} => ${moduleText(replace)}`;
}

function listed(label: string, texts: readonly string[]): readonly Row[] {
  const rows = texts.slice(0, MOST_LISTED).map((text, index): Row => [index === 0 ? label : '', text]);
  if (texts.length > MOST_LISTED) rows.push(['', `… and ${texts.length - MOST_LISTED} more; --format json lists all`]);
  return rows;
}
