import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load.ts';
import { problemFindings, renderProblem } from '../../src/config/problem.ts';
import { parseDuration } from '../../src/config/scalars.ts';
import { editDistance, suggest } from '../../src/config/suggest.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

const FILE = 'plugin-gate.yml';

/** The problems of a text, one a line. */
function problemsOf(text: string): string[] {
  const loaded = loadConfig(FILE, text);
  return 'problems' in loaded ? loaded.problems.map(renderProblem) : [];
}

/** One plugin with further lines; the first of them is line 6. */
const plugin = (...lines: string[]) =>
  [
    'version: 1',
    'plugins:',
    '  - name: greet',
    '    kind: elf',
    '    artifact: build/{arch}/greet.so',
    ...lines,
    '',
  ].join('\n');

describe('a configuration with many errors', () => {
  it('has them all told at once, each at its place', () => {
    expect(`${problemsOf(read('samples/twenty-errors.yml')).join('\n')}\n`).toBe(read('expected/twenty-errors.txt'));
  });

  it('gives findings that annotate the lines', () => {
    const loaded = loadConfig(FILE, plugin('    knd: elf'));
    expect(problemFindings('problems' in loaded ? loaded.problems : [])).toEqual([
      {
        rule: 'config/invalid',
        severity: 'error',
        message: 'plugins[0].knd: unknown key; did you mean "kind"?',
        subject: 'plugins[0].knd',
        location: { file: FILE, line: 6, column: 5 },
      },
    ]);
  });
});

describe('a good configuration', () => {
  it('gets its defaults', () => {
    expect(loadConfig(FILE, plugin())).toEqual({
      config: {
        unrelated: [],
        version: 1,
        plugins: [
          {
            name: 'greet',
            kind: 'elf',
            artifact: 'build/{arch}/greet.so',
            sources: [],
            headers: [],
            symbols: { required: [] },
            hosts: [],
            probes: [],
          },
        ],
        sandbox: { mode: 'record', allow: [], timeout: 10_000 },
        policy: { undecided: 'fail', rules: {} },
        report: { directory: 'plugin-gate-report', comment: 'always', key: 'default', checkRun: true },
      },
    });
  });

  it('has commands as lists of argvs and times in milliseconds', () => {
    const text = plugin(
      '    build: { command: [[./configure], [make, -j2]], timeout: 1h }',
      '    probe: { symbol: ok }',
    );
    expect(loadConfig(FILE, text)).toMatchObject({
      config: {
        plugins: [
          {
            build: {
              command: [['./configure'], ['make', '-j2']],
              timeout: 3_600_000,
              directory: '.',
              env: {},
              reproducible: false,
            },
            probe: { signature: 'int(void)', timeout: 2000 },
          },
        ],
      },
    });
    expect(loadConfig(FILE, plugin('    build: { command: [make] }'))).toMatchObject({
      config: { plugins: [{ build: { command: [['make']], timeout: 600_000 } }] },
    });
  });

  it('may use anchors and aliases', () => {
    const text = plugin('    hosts: &hosts [{ name: app, target: "debian:11" }]').concat(
      '  - { name: two, kind: elf, artifact: two.so, hosts: *hosts }\n',
    );
    expect(problemsOf(text)).toEqual([]);
  });

  it('reads the examples of the documentation', () => {
    const page = read('../../scripts/configuration-intro.md');
    const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    const configs = examples.filter((text) => text.includes('plugins:'));
    expect(configs.length).toBe(2);
    for (const text of configs) expect(problemsOf(text)).toEqual([]);
  });
});

describe('conditions between keys', () => {
  it.each<[string, string[], string[]]>([
    ['neither command nor go', ['    build: { timeout: 5m }'], ['6:5: plugins[0].build: expected command or go in it']],
    [
      'a version in the path of a baseline without one',
      ['    baseline: { file: "old/{version}.so" }'],
      ['6:23: plugins[0].baseline.file: uses {version}, but the plugin has no version'],
    ],
    [
      'a version in the shared baseline without one',
      ['baseline: { file: "old/{version}.so" }'],
      ['6:19: baseline.file: uses {version}, but plugins[0] has no version'],
    ],
    [
      'the artifact as its own baseline',
      ['    baseline: { file: "build/{arch}/greet.so" }'],
      ['6:23: plugins[0].baseline.file: is the artifact itself; expected the previous release'],
    ],
    [
      'an empty baseline',
      ['    baseline: {}'],
      ['6:5: plugins[0].baseline: expected file, release, git, oci or none in it'],
    ],
    [
      'no reason for no baseline',
      ['    baseline: { none: true }'],
      [
        '6:23: plugins[0].baseline.none: expected the reason why there is no previous release, such as: first release, found true',
      ],
    ],
    [
      'an identity without issuer',
      ['    signature: { bundle: "{artifact}.json", identity: me@example.org }'],
      [
        '6:5: plugins[0].signature: issuer is missing: an identity means nothing without the issuer that vouches for it',
      ],
    ],
    [
      'a bundle without identity',
      ['    signature: { bundle: "{artifact}.json" }'],
      [
        '6:5: plugins[0].signature: identity is missing: a bundle proves who signed, so say who may; there is no default',
        '6:5: plugins[0].signature: issuer is missing: an identity means nothing without the issuer that vouches for it',
      ],
    ],
    [
      'a key with a bundle',
      ['    signature: { key: k.pub, signature: a.sig, bundle: b.json }'],
      ['6:48: plugins[0].signature.bundle: does not go with signature, which is one in a file of its own'],
    ],
    [
      'an empty identity',
      ['    signature: { bundle: b.json, identity: "", issuer: "https://x.example" }'],
      ['6:44: plugins[0].signature.identity: expected a text that is not empty, found an empty text'],
    ],
    [
      'a signature without anything',
      ['    signature: { required: false }'],
      [
        '6:5: plugins[0].signature: says nothing about who signs; expected bundle with identity and issuer, key with signature, or gpgKey with signature',
      ],
    ],
    [
      'a removed symbol switched off',
      ['policy: { rules: { sym/removed: "off" } }'],
      ['6:33: policy.rules["sym/removed"]: cannot be off; accept each symbol by name, see plugin-gate accept'],
    ],
    [
      'one shared baseline for two plugins',
      ['  - { name: two, kind: elf, artifact: two.so }', 'baseline: { file: old.so }'],
      ['7:19: baseline.file: names one file for 2 plugins; put {name} into it'],
    ],
    [
      'one shared bundle for two plugins',
      [
        '  - { name: two, kind: elf, artifact: two.so }',
        'signature: { bundle: a.json, identity: me@example.org, issuer: "https://x.example" }',
      ],
      ['7:22: signature.bundle: names one file for 2 plugins; put {name} or {artifact} into it'],
    ],
    [
      'go build of a plain shared object',
      ['    build: { go: { package: . } }'],
      ['6:14: plugins[0].build.go: builds the kinds go-plugin and c-shared; use command for the kind elf'],
    ],
  ])('%s', (_, lines, expected) => {
    expect(problemsOf(plugin(...lines))).toEqual(expected.map((line) => `${FILE}:${line}`));
  });

  it('several targets need their own file each, one target does not', () => {
    const text = (targets: string) =>
      `version: 1\nplugins: [{ name: a, kind: elf, artifact: a.so, targets: [${targets}] }]\n`;
    expect(problemsOf(text('linux/amd64, linux/arm64'))).toEqual([
      `${FILE}:2:43: plugins[0].artifact: names one file for several targets; put {arch} into it`,
    ]);
    expect(problemsOf(text('linux/arm64'))).toEqual([]);
  });

  it.each([
    ['{ symbol: a, expect: 7 }', []],
    ['{ symbol: a, signature: const char *(void), expect: "ok" }', []],
    ['{ symbol: a, signature: void(void) }', []],
    [
      '{ symbol: a, expect: "0" }',
      ['6:33: plugins[0].probe.expect: does not go with int(void); expected a whole number'],
    ],
    [
      '{ symbol: a, signature: void(void), expect: 0 }',
      ['6:56: plugins[0].probe.expect: does not go with void(void), which returns nothing'],
    ],
  ])('the probe %s', (probe, expected) => {
    expect(problemsOf(plugin(`    probe: ${probe}`))).toEqual(expected.map((line) => `${FILE}:${line}`));
  });

  it('a shared baseline for one plugin, and a plugin with one of its own, need no token', () => {
    expect(problemsOf(plugin('baseline: { file: old.so }'))).toEqual([]);
    const own = '  - { name: two, kind: elf, artifact: two.so, baseline: { none: first release } }';
    expect(problemsOf(plugin(own, 'baseline: { file: old.so }'))).toEqual([]);
  });
});

describe('paths', () => {
  it.each(['../x.so', 'a/../../x.so', '/etc/passwd', 'a/..', '..', '', 'a\tb', '{home}/x.so', '{name', 'a}b', '{}'])(
    'an artifact %j is refused',
    (path) => {
      expect(
        problemsOf(`version: 1\nplugins: [{ name: a, kind: elf, artifact: ${JSON.stringify(path)} }]\n`),
      ).toHaveLength(1);
    },
  );

  it.each(['x.so', 'a/b/x.so', './x.so', 'a/..b/x.so', '...', 'a b/x.so', '{name}-{os}-{arch}.so', 'ä/x.so'])(
    'an artifact %j is taken',
    (path) => {
      expect(problemsOf(`version: 1\nplugins: [{ name: a, kind: elf, artifact: ${JSON.stringify(path)} }]\n`)).toEqual(
        [],
      );
    },
  );

  it('a host may be installed on the machine', () => {
    expect(problemsOf(plugin('    hosts: [{ name: nginx, file: /usr/sbin/nginx, libraries: [/usr/lib] }]'))).toEqual(
      [],
    );
  });
});

describe('files that are no configuration', () => {
  it.each<[string, string, string]>([
    ['an empty file', '', '1:1: the file is empty'],
    ['comments alone', '# nothing\n', '1:1: the file is empty'],
    ['a text', 'hello', '1:1: expected keys and values, found "hello"'],
    ['a list', '- a\n', '1:1: expected keys and values, found a list'],
    ['a tab', 'version: 1\nplugins:\n\t- a\n', '3:1: a tab in the indentation; expected spaces'],
    [
      'an open bracket',
      'version: [1\n',
      '2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['two documents', 'version: 1\n---\nversion: 1\n', '2:1: a second document begins here (---); expected one'],
    ['a tag', 'version: !number 1\n', '1:10: a YAML tag (!name) that is not known; expected plain values'],
    ['an alias without anchor', 'version: *one\n', '1:1: an alias (*name) has no anchor (&name) before it'],
    ['an alias in itself', 'plugins: &a [*a]\n', '1:1: an alias (*name) stands inside its own anchor (&name)'],
    ['deep brackets', '['.repeat(100_000), '1:65: nested deeper than 64 levels'],
    ['deep dashes', '- '.repeat(50_000), '1:1: nested deeper than 64 levels'],
    [
      'a binary file',
      '\u007fELF\u0002\u0001\u0001\u0000',
      '1:1: the file holds NUL characters; expected YAML text in UTF-8',
    ],
    ['a huge file', '#'.repeat(262_145), '1:1: the file is larger than 262144 characters'],
  ])('%s', (_, text, expected) => {
    expect(problemsOf(text)).toEqual([`${FILE}:${expected}`]);
  });

  it('aliases of aliases do not blow up', () => {
    const rows = ['a: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 20; i++)
      rows.push(
        `k${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    expect(problemsOf(rows.join('\n'))).toEqual([
      `${FILE}:1:1: aliases (*name) repeat too much; expected at most 100 repeated values`,
    ]);
  });

  it('deep indentation is an error, not a crash', () => {
    const text = Array.from({ length: 1300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain('call stack');
  });

  it.each<[string, string]>([
    ['list entries', `version: 1\nplugins:\n${'- a\n'.repeat(60_000)}`],
    ['commas', `[${','.repeat(20_000)}]`],
    ['quotes', '"'.repeat(20_000)],
    ['colons', ': '.repeat(20_000)],
    ['aliases', `- &a x\n${'- *a\n'.repeat(30_000)}`],
  ])('many %s end in a few problems', (_, text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(200);
  });

  it('thousands of unknown keys are cut off', () => {
    const text = Array.from({ length: 10_000 }, (_, i) => `key${i}: 1`).join('\n');
    expect(problemsOf(text).length).toBeLessThanOrEqual(120);
  });

  it.each(['constructor', 'toString', 'hasOwnProperty'])('the key %s is unknown like any other', (key) => {
    expect(problemsOf(plugin(`${key}: { plugins: [] }`))).toEqual([
      expect.stringContaining(`6:1: ${key}: unknown key`),
    ]);
    expect(problemsOf(plugin(`    ${key}: 1`))).toEqual([
      expect.stringContaining(`6:5: plugins[0].${key}: unknown key`),
    ]);
    expect(problemsOf(plugin(`policy: { rules: { ${key}: error } }`))).toEqual([
      expect.stringContaining(`policy.rules.${key}: unknown key`),
    ]);
  });

  it('keys that the data could not show are told and nothing else is', () => {
    expect(problemsOf(plugin('policy: { rules: { __proto__: error } }'))).toEqual([
      `${FILE}:6:20: the key "__proto__" cannot be used`,
    ]);
    expect(problemsOf(`${plugin()}? [a, b]\n: 1\n`)).toEqual([
      `${FILE}:6:3: a key that is itself a list, mapping or alias; expected a name`,
    ]);
  });

  it('a key that is there twice is told beside all other faults', () => {
    expect(problemsOf(`${plugin('    knd: elf')}version: 1\n`)).toEqual([
      `${FILE}:6:5: plugins[0].knd: unknown key; did you mean "kind"?`,
      `${FILE}:7:1: the key "version" is there twice; keep one`,
    ]);
  });
});

describe('durations', () => {
  it.each<[string, number | undefined]>([
    ['500ms', 500],
    ['1s', 1000],
    ['10m', 600_000],
    ['99h', 356_400_000],
    ['0s', undefined],
    ['010s', undefined],
    ['100h', undefined],
    ['1.5h', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['1S', undefined],
    ['10', undefined],
    ['1h30m', undefined],
    ['', undefined],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('suggestions', () => {
  it.each<[string, string, number]>([
    ['kind', 'kind', 0],
    ['knd', 'kind', 1],
    ['kidn', 'kind', 1],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
  ])('distance of %s and %s', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });

  it.each<[string, string | undefined]>([
    ['knd', 'kind'],
    ['version-script', 'versionScript'],
    ['ARTIFACT', 'artifact'],
    ['artefact', 'artifact'],
    ['zzz', undefined],
    ['x'.repeat(10_000), undefined],
  ])('%s', (given, expected) => {
    expect(suggest(given, ['kind', 'artifact', 'versionScript', 'name'])).toBe(expected);
  });
});
