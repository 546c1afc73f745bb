import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { SILENT } from '../../src/gate/step.ts';
import { loadAgainst } from '../../src/loader/against.ts';
import type { Probe } from '../../src/loader/model.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const TIMEOUT = 240_000;

describeWith(['go', 'gcc'], 'the hot swap of Go plugins', () => {
  const root = workspace();
  let counter = 0;

  interface Release {
    readonly body: string;
    /** Of a package that both releases import. */
    readonly shared?: string;
    readonly asPackage?: boolean;
    readonly imports?: string;
  }

  function build({
    body,
    imports = '',
    shared = 'package shared\n\nfunc Level() int { return 1 }\n',
    asPackage = false,
  }: Release): string {
    counter += 1;
    const directory = join(root, `release-${counter}`);
    writeTree(directory, {
      'go.mod': 'module example.com/greet\n\ngo 1.19\n',
      'main.go': `package main\n\nimport "C"\n${imports}\nimport "example.com/greet/shared"\n\nvar level = shared.Level()\n\n${body}\n\nfunc main() {}\n`,
      'shared/shared.go': shared,
    });
    const file = join(root, `greet-${counter}.so`);
    execFileSync(
      'go',
      [
        'build',
        '-buildmode=plugin',
        '-buildvcs=false',
        '-trimpath',
        '-o',
        file,
        // Named files give a path made of their contents, a package that of the package.
        ...(asPackage ? ['.'] : ['main.go']),
      ],
      { cwd: directory, stdio: 'pipe', env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '' } },
    );
    return file;
  }

  function against(old: string, file: string, probes: readonly Probe[] = [probe('Health')]) {
    return loadAgainst(
      { file, bytes: readFileSync(file), probes, toolEnvironment: process.env },
      { file: old, bytes: readFileSync(old) },
      SILENT,
    );
  }
  const probe = (symbol: string, expect?: number): Probe => ({
    symbol,
    signature: 'int(void)',
    ...(expect === undefined ? {} : { expect }),
  });
  const rules = (outcome: Awaited<ReturnType<typeof against>>) =>
    outcome.findings.filter(({ rule }) => rule.startsWith('swap/')).map(({ rule, severity }) => `${severity} ${rule}`);

  const GOOD = 'func Health() int { return level - 1 }';

  it(
    'opens both under their own paths, serves a caller all the while, comes back, and says what stays in memory',
    async () => {
      const outcome = await against(
        build({ body: GOOD }),
        build({ body: `${GOOD}\n\nfunc Version() int { return 2 }` }),
        [probe('Health'), probe('Version', 2)],
      );
      expect(rules(outcome)).toEqual([]);
      const { swap, go, trail } = outcome.evidence;
      expect(swap).toMatchObject({ rules: 'go', ended: true, failed: 0, how: 'exit' });
      expect(swap?.acts.map(({ name, succeeded }) => `${succeeded} ${name}`)).toEqual(
        'open-old probe-old start-caller open-new probe-new old-serves switch roll-back stop-caller reprobe-old'
          .split(' ')
          .map((name) => `true ${name}`),
      );
      expect(swap?.served.old).toBeGreaterThanOrEqual(100);
      expect(swap?.served.new).toBeGreaterThanOrEqual(50);
      expect(swap?.longestGapMs).toBeGreaterThan(0);
      expect(swap?.keptKiB).toBeGreaterThan(0);
      expect(outcome.summary).toMatch(/swapped and rolled back under \d+ calls, .* stay in a Go host$/);
      expect([go?.probe, ...(go?.moreProbes ?? [])]).toMatchObject([
        { symbol: 'Health', number: 0 },
        { symbol: 'Version', number: 2 },
      ]);
      // What the dynamic linker of the Go host told, after the trail of the loader.
      const inside = trail.filter((entry) => entry.in === 'go-host');
      expect(
        inside.some(({ by, event, path }) => by === 'linker' && event === 'object' && String(path).endsWith('.so')),
      ).toBe(true);
      expect(inside.some(({ by, event }) => by === 'linker' && event === 'constructor')).toBe(true);
      expect(inside.some(({ event, name }) => event === 'probe' && name === 'Version')).toBe(true);
      const times = trail.map(({ time }) => time);
      expect(times).toEqual([...times].sort((left, right) => left - right));
    },
    TIMEOUT,
  );

  it(
    'is not rehearsed where both have one plugin path: a Go host opens only one',
    async () => {
      const body = (version: number) => `${GOOD}\n\nvar Version = ${version}`;
      const outcome = await against(
        build({ body: body(1), asPackage: true }),
        build({ body: body(2), asPackage: true }),
      );
      expect(rules(outcome)).toEqual(['note swap/not-rehearsed']);
      expect(outcome.findings.find(({ rule }) => rule === 'swap/not-rehearsed')?.message).toMatch(
        /both releases have the plugin path example\.com\/greet, .*-ldflags=-pluginpath=NAME/,
      );
      expect(outcome.evidence.swap).toBeUndefined();
    },
    TIMEOUT,
  );

  it(
    'fails where a package that both import was changed',
    async () => {
      const shared = 'package shared\n\nfunc Level() int { return 1 }\n\nfunc More() {}\n';
      const outcome = await against(build({ body: GOOD }), build({ body: `${GOOD}\n\nvar Version = 2`, shared }));
      expect(rules(outcome)).toEqual(['error swap/new-unhealthy']);
      expect(outcome.findings.find(({ rule }) => rule === 'swap/new-unhealthy')).toMatchObject({
        message: expect.stringMatching(/: the package example\.com\/greet\/shared, which both have, differs\.$/),
        fix: expect.stringMatching(/Restart hosts for this release/),
      });
      // The previous release went on.
      expect(outcome.evidence.swap?.acts.map(({ name, succeeded }) => `${succeeded} ${name}`)).toEqual([
        'true open-old',
        'true probe-old',
        'true start-caller',
        'false open-new',
        'true old-serves',
        'true stop-caller',
        'true reprobe-old',
      ]);
      expect(outcome.evidence.swap).toMatchObject({ ended: true, failed: 0 });
    },
    TIMEOUT,
  );

  it(
    'does not switch to a release that is not healthy beside the other, and tells of one that ends the host',
    async () => {
      // Healthy alone; beside another release the variable is set already.
      const jealous = (answer: string) => ({
        imports: 'import "os"',
        body: `var beside = os.Getenv("GREET") != ""\n\nfunc init() { os.Setenv("GREET", "1") }\n\nfunc Health() int { if beside { ${answer} }; return 0 }`,
      });
      const old = build(jealous('return 0'));
      const unhealthy = await against(old, build(jealous('return 5')));
      expect(rules(unhealthy)).toEqual(['error swap/new-unhealthy']);
      expect(unhealthy.findings.find(({ rule }) => rule === 'swap/new-unhealthy')?.message).toContain('it returned 5');
      expect(unhealthy.evidence.swap).toMatchObject({ ended: true, failed: 0, served: { new: 0 } });

      const deadly = await against(old, build(jealous('panic("two of us")')));
      expect(rules(deadly)).toEqual(['error swap/broke']);
      expect(deadly.findings.find(({ rule }) => rule === 'swap/broke')?.message).toMatch(
        /broke off with panic: two of us.* when the new release was probed/,
      );
    },
    TIMEOUT,
  );
});
