import { hasFixedLevel } from '../rules/policy.ts';
import { mustBeNamed } from '../rules/waivers.ts';
import { checkRollback } from './check-rollback.ts';
import { checkSignature } from './check-signature.ts';
import { HOST_KEYS, hostName } from './host-schema.ts';
import { type Fault, valueAt } from './issues.ts';
import type { DataPath } from './problem.ts';
import { tokensOf } from './scalars.ts';

/**
 * Conditions between keys. They work on the data as it was read, whatever its shape, so that they are told together
 * with all other faults; what has the wrong type is left to the schema.
 */
export function crossChecks(data: unknown): Fault[] {
  const plugins = itemsAt(data, ['plugins']);
  return [
    ...duplicates(data, ['plugins'], 'name', 'the name'),
    ...sameArtifacts(data, plugins.length),
    ...plugins.flatMap((_, index) => checkPlugin(data, index)),
    ...checkBaseline(data, ['baseline']),
    ...checkSharedFile(data, plugins, ['baseline', 'file'], 'baseline', ['name']),
    ...checkSignature(data, ['signature']),
    ...checkSharedFile(data, plugins, ['signature', 'bundle'], 'signature', ['name', 'artifact']),
    ...checkSharedFile(data, plugins, ['signature', 'signature'], 'signature', ['name', 'artifact']),
    ...checkSharedVersions(data, plugins),
    ...checkVerdict(data, plugins),
    ...checkRollback(data, plugins.length),
    ...checkLevels(data),
  ];
}

/** Paths that a plugin shares with others, and that may have its version in them. */
const VERSIONED: readonly DataPath[] = [
  ['baseline', 'file'],
  ['signature', 'bundle'],
  ['signature', 'signature'],
  ['signature', 'certificate'],
  ['signature', 'identity'],
];

function usesVersion(data: unknown, path: DataPath): boolean {
  const text = valueAt(data, path);
  return typeof text === 'string' && tokensOf(text).includes('version');
}

/** Sections for all plugins that use a version which one of these plugins lacks. */
function checkSharedVersions(data: unknown, plugins: readonly unknown[]): Fault[] {
  return VERSIONED.filter((path) => usesVersion(data, path)).flatMap((path) => {
    const lacking = plugins.findIndex(
      (plugin) => isObject(plugin) && !Object.hasOwn(plugin, String(path[0])) && !Object.hasOwn(plugin, 'version'),
    );
    return lacking < 0 ? [] : [value(path, `uses {version}, but plugins[${lacking}] has no version`)];
  });
}

function checkPlugin(data: unknown, index: number): Fault[] {
  const at: DataPath = ['plugins', index];
  const faults: Fault[] = [];
  const kind = valueAt(data, [...at, 'kind']);
  const artifact = valueAt(data, [...at, 'artifact']);
  const targets = itemsAt(data, [...at, 'targets']);
  if (has(data, [...at, 'build'])) {
    faults.push(...exactlyOne(data, [...at, 'build'], ['command', 'go']));
    if (kind === 'elf' && has(data, [...at, 'build', 'go'])) {
      faults.push(key([...at, 'build', 'go'], 'builds the kinds go-plugin and c-shared; use command for the kind elf'));
    }
  }
  if (typeof artifact === 'string') {
    if (targets.length > 1 && !tokensOf(artifact).includes('arch')) {
      faults.push(value([...at, 'artifact'], 'names one file for several targets; put {arch} into it'));
    }
    if (artifact === valueAt(data, [...at, 'baseline', 'file'])) {
      faults.push(value([...at, 'baseline', 'file'], 'is the artifact itself; expected the previous release'));
    }
  }
  if (!has(data, [...at, 'version'])) {
    for (const path of [['artifact'], ...VERSIONED].map((keys) => [...at, ...keys])) {
      if (usesVersion(data, path)) faults.push(value(path, 'uses {version}, but the plugin has no version'));
    }
  }
  targets.forEach((target, n) => {
    if (targets.indexOf(target) < n) faults.push(value([...at, 'targets', n], 'is there twice; keep one'));
  });
  itemsAt(data, [...at, 'hosts']).forEach((host, n) => {
    const path = [...at, 'hosts', n];
    faults.push(...checkHost(host, data, path));
  });
  faults.push(...sameHosts(data, [...at, 'hosts']));
  faults.push(...checkProbe(data, [...at, 'probe']));
  itemsAt(data, [...at, 'probes']).forEach((_, n) => {
    faults.push(...checkProbe(data, [...at, 'probes', n]));
  });
  faults.push(...checkBaseline(data, [...at, 'baseline']));
  faults.push(...checkSignature(data, [...at, 'signature']));
  return faults;
}

/** Hosts are told apart by name in reports; where they have none, by their file, kind or system. */
function sameHosts(data: unknown, at: DataPath): Fault[] {
  const seen = new Map<string, number>();
  return itemsAt(data, at).flatMap((host, index) => {
    if (!isObject(host)) return [];
    const text = (name: string): string | undefined => {
      const found = valueAt(host, [name]);
      return typeof found === 'string' ? found : undefined;
    };
    const name = hostName({
      name: text('name'),
      file: text('file'),
      package: text('package'),
      preset: text('preset'),
      target: text('target'),
      sysroot: text('sysroot'),
    });
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, index);
      return [];
    }
    if (text('name') !== undefined) {
      return [
        value([...at, index, 'name'], `the host name ${JSON.stringify(name)} is already used by hosts[${first}]`),
      ];
    }
    return [
      value([...at, index], `is called ${JSON.stringify(name)} in reports, as hosts[${first}] is; give it a name`),
    ];
  });
}

function checkHost(host: unknown, data: unknown, path: DataPath): Fault[] {
  if (!isObject(host)) return [];
  const given = (name: string) => has(data, [...path, name]);
  if (!HOST_KEYS.some(given))
    return [value(path, `says nothing about the host; expected ${HOST_KEYS.join(', ')}, or several`)];
  return [
    ...(given('file') && given('package')
      ? [key([...path, 'package'], 'does not go with file; expected one of the two')]
      : []),
    ...(given('directory') && !given('package')
      ? [key([...path, 'directory'], 'is where package is built, and there is none')]
      : []),
  ];
}

/** What is expected must be what the signature returns. */
function checkProbe(data: unknown, at: DataPath): Fault[] {
  const expected = valueAt(data, [...at, 'expect']);
  if (typeof expected !== 'number' && typeof expected !== 'string') return [];
  const say = (message: string) => [value([...at, 'expect'], message)];
  switch (valueAt(data, [...at, 'signature']) ?? 'int(void)') {
    case 'int(void)':
      return typeof expected === 'number' ? [] : say('does not go with int(void); expected a whole number');
    case 'const char *(void)':
      return typeof expected === 'string' ? [] : say('does not go with const char *(void); expected a text in quotes');
    case 'void(void)':
      return say('does not go with void(void), which returns nothing');
    default:
      return [];
  }
}

function checkBaseline(data: unknown, at: DataPath): Fault[] {
  if (!has(data, at)) return [];
  const lost = (name: string): Fault[] =>
    has(data, [...at, name]) && has(data, [...at, 'none']) && !has(data, [...at, 'file'])
      ? [key([...at, name], 'is that of a previous release, and there is none')]
      : [];
  return [
    ...exactlyOne(data, at, ['file', 'release', 'git', 'oci', 'none']),
    ...checkSignature(data, [...at, 'signature'], has(data, [...at, 'oci'])),
    ...exactlyOne(data, [...at, 'git'], ['ref', 'tag']),
    ...lost('version'),
    ...lost('digest'),
    ...lost('signature'),
  ];
}

/** What signs the verdict, and what it says about whom. */
function checkVerdict(data: unknown, plugins: readonly unknown[]): Fault[] {
  const at: DataPath = ['verdict'];
  if (!isObject(valueAt(data, at))) return [];
  const faults = [
    ...exactlyOne(data, at, ['key', 'sigstore']),
    ...exactlyOne(data, [...at, 'key'], ['file', 'environment']),
  ];
  const sigstore: DataPath = [...at, 'sigstore'];
  const log = valueAt(data, [...sigstore, 'rekor']);
  if (has(data, [...sigstore, 'fulcio']) && log === undefined) {
    faults.push(key([...sigstore, 'fulcio'], 'is an instance of your own, so name its log too: rekor, or rekor: none'));
  }
  if (log === 'none' && !has(data, [...sigstore, 'timestamp'])) {
    faults.push(
      value([...sigstore, 'rekor'], 'leaves nothing that proves when it was signed; name a timestamp service'),
    );
  }
  const resource = valueAt(data, [...at, 'resource']);
  if (typeof resource !== 'string') return faults;
  const known = ['name', 'os', 'arch', 'version'];
  const unknown = tokensOf(resource).find((token) => !known.includes(token));
  if (unknown !== undefined || /[{}]/.test(resource.replaceAll(/\{[a-z]+\}/g, ''))) {
    faults.push(
      value([...at, 'resource'], `expected only the tokens ${known.map((one) => `{${one}}`).join(', ')} in braces`),
    );
  }
  if (plugins.length > 1 && !tokensOf(resource).includes('name')) {
    faults.push(value([...at, 'resource'], `names one artifact for ${plugins.length} plugins; put {name} into it`));
  }
  const lacking = plugins.findIndex((plugin) => isObject(plugin) && !Object.hasOwn(plugin, 'version'));
  if (tokensOf(resource).includes('version') && lacking >= 0) {
    faults.push(value([...at, 'resource'], `uses {version}, but plugins[${lacking}] has no version`));
  }
  return faults;
}

/** A file named once for all plugins must be another one for each of them. */
function checkSharedFile(
  data: unknown,
  plugins: readonly unknown[],
  path: DataPath,
  section: string,
  tokens: readonly string[],
): Fault[] {
  const file = valueAt(data, path);
  if (typeof file !== 'string' || tokensOf(file).some((token) => tokens.includes(token))) return [];
  const users = plugins.filter((plugin) => isObject(plugin) && !Object.hasOwn(plugin, section));
  if (users.length < 2) return [];
  return [
    value(path, `names one file for ${users.length} plugins; put ${tokens.map((t) => `{${t}}`).join(' or ')} into it`),
  ];
}

/** Rules that are accepted one by one cannot be switched off as a whole; those about the gate itself not changed at all. */
function checkLevels(data: unknown): Fault[] {
  const rules = valueAt(data, ['policy', 'rules']);
  if (!isObject(rules)) return [];
  return Object.entries(rules).flatMap(([rule, level]) => {
    const say = (message: string) => [value(['policy', 'rules', rule], message)];
    if (hasFixedLevel(rule)) return say('is about the gate itself and has no other level; take it out');
    if (level !== 'off' || !mustBeNamed(rule)) return [];
    return say('cannot be off; accept each symbol by name, see plugin-gate accept');
  });
}

/** Plugins whose artifact is the same file: the second build would overwrite the first. */
function sameArtifacts(data: unknown, count: number): Fault[] {
  const seen = new Map<string, number>();
  const faults: Fault[] = [];
  for (let index = 0; index < count; index++) {
    const path: DataPath = ['plugins', index, 'artifact'];
    const artifact = valueAt(data, path);
    if (typeof artifact !== 'string' || tokensOf(artifact).includes('name')) continue;
    const first = seen.get(artifact);
    if (first === undefined) seen.set(artifact, index);
    else faults.push(value(path, `is also the artifact of plugins[${first}]; expected one file for each plugin`));
  }
  return faults;
}

function duplicates(data: unknown, at: DataPath, field: string, what: string): Fault[] {
  const seen = new Map<string, number>();
  return itemsAt(data, at).flatMap((_, index) => {
    const path = [...at, index, field];
    const name = valueAt(data, path);
    if (typeof name !== 'string') return [];
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, index);
      return [];
    }
    return [value(path, `${what} ${JSON.stringify(name)} is already used by ${at.at(-1)}[${first}]`)];
  });
}

function exactlyOne(data: unknown, at: DataPath, names: readonly [string, string, ...string[]]): Fault[] {
  if (!isObject(valueAt(data, at))) return [];
  const given = names.filter((name) => has(data, [...at, name]));
  if (given.length === 1) return [];
  const [one, other] = given;
  if (one === undefined) return [key(at, `expected ${names.slice(0, -1).join(', ')} or ${names.at(-1)} in it`)];
  const choice = names.length === 2 ? 'the two' : names.join(', ');
  return [key([...at, other ?? one], `does not go with ${one}; expected one of ${choice}`)];
}

const value = (path: DataPath, message: string): Fault => ({ path, at: 'value', message });
const key = (path: DataPath, message: string): Fault => ({ path, at: 'key', message });

function isObject(data: unknown): data is object {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

function has(data: unknown, path: DataPath): boolean {
  return valueAt(data, path) !== undefined;
}

function itemsAt(data: unknown, path: DataPath): readonly unknown[] {
  const items = valueAt(data, path);
  return Array.isArray(items) ? items.slice(0, 10_000) : [];
}
