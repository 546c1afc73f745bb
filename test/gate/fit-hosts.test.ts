import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { compile, functions, gate, summary } from './project.ts';

const root = workspace();
const TIMEOUT = 240_000;

function configured(directory: string, kind: string, artifact: string, hosts: readonly string[]): void {
  const lines = hosts.map((host) => `      - ${host}\n`).join('');
  writeTree(directory, {
    'plugin-gate.yml': `version: 1\nplugins:\n  - name: p\n    kind: ${kind}\n    artifact: ${artifact}\n    baseline: { none: first release }\n    hosts:\n${lines}`,
  });
}

/** What the step fit found, worst first: severity, rule and the hosts it is told for. */
async function fits(directory: string) {
  const { report } = await gate(directory, { environment: process.env });
  const own = report.findings.filter(({ step }) => step === 'fit');
  return {
    summary: summary(report, 'fit'),
    found: own
      .map(({ severity, rule, message }) => `${severity} ${rule}${/ \(host [^)]*\)$/.exec(message)?.[0] ?? ''}`)
      .sort(),
    evidence: report.plugins[0]?.steps.find(({ step }) => step === 'fit')?.evidence,
  };
}

describeWith(['cc'], 'a plugin with several hosts', () => {
  it('is checked against each: kinds, systems and roots, with the names that they have without one', async () => {
    const directory = mkdtempSync(join(root, 'c-'));
    compile(
      directory,
      'p.so',
      `int puts(const char *); int say(void) { return puts("x"); }\n${functions('pam_sm_authenticate')}`,
    );
    mkdirSync(join(directory, 'empty'));
    configured(directory, 'elf', 'p.so', [
      '{ preset: pam }',
      '{ preset: ladspa, target: "debian:12" }',
      '{ target: "alpine:3.20" }',
      '{ sysroot: empty }',
      '{ sysroot: nowhere }',
    ]);
    const { summary: line, found } = await fits(directory);
    expect(line).toBe(
      'pam: does not fit, ladspa on debian:12: does not fit, alpine:3.20: undecided, empty: undecided, nowhere: undecided',
    );
    expect(found).toEqual([
      'error fit/entry-missing (host ladspa on debian:12)',
      'error fit/entry-missing (host pam)',
      'undecided dep/foreign-libc (host alpine:3.20)',
      'undecided fit/library-missing (host empty)',
      'undecided fit/symbol-undecided (host empty)',
      'undecided fit/unreadable (host nowhere)',
    ]);
  });
});

describeWith(['cc'], 'a plugin whose version is what a function returns', () => {
  it('is left to the probe that says what it must be', async () => {
    const directory = mkdtempSync(join(root, 'f-'));
    const names = ['version', 'name', 'description', 'contact', 'last_error'].map((name) => `plugin_get_${name}`);
    compile(
      directory,
      'p.so',
      `static char text[] = "3.6.0"; const char *plugin_get_required_api_version(void) { text[0] = '3'; return text; }
       ${functions(...names, 'plugin_init', 'plugin_destroy', 'plugin_open', 'plugin_close', 'plugin_next_batch')}`,
    );
    configured(directory, 'elf', 'p.so', ['{ preset: falco }']);
    expect((await fits(directory)).found).toEqual(['undecided fit/interface-unread']);
    const probe =
      '    probe: { symbol: plugin_get_required_api_version, signature: const char *(void), expect: "3.6.0" }\n';
    appendFileSync(join(directory, 'plugin-gate.yml'), probe);
    expect(await fits(directory)).toMatchObject({ found: [], summary: 'falco: fits' });
  });
});

describeWith(existsSync('/usr/sbin/nginx') ? ['cc'] : ['nginx'], 'a module of nginx', () => {
  it('is compared with the server of the machine', async () => {
    const directory = mkdtempSync(join(root, 'n-'));
    compile(
      directory,
      'p.so',
      `struct { unsigned long words[5], version; const char *signature; } own = { { 0 }, 1009011, "8,4,8,0011111111010111001111111111111111" };
       void *ngx_modules[] = { &own, 0 }; char *ngx_module_names[] = { "own", 0 };`,
    );
    configured(directory, 'elf', 'p.so', ['{ name: web, file: /usr/sbin/nginx, preset: nginx }']);
    expect(await fits(directory)).toMatchObject({
      summary: 'web: does not fit',
      found: ['error fit/interface-version'],
    });
  });
});

describeWith(['go', 'gcc'], 'a Go plugin', () => {
  const directory = mkdtempSync(join(root, 'go-'));
  const go = (where: string, words: readonly string[]): void => {
    execFileSync('go', ['build', '-buildvcs=false', ...words], {
      cwd: join(directory, where),
      stdio: 'pipe',
      env: { ...process.env, CGO_ENABLED: '1', GOWORK: 'off', GOFLAGS: '' },
    });
  };

  it(
    'has a program, a package and a go.mod as hosts',
    async () => {
      writeTree(directory, {
        'gateway/go.mod': 'module example.com/gateway\n\ngo 1.19\n',
        'gateway/cmd/host/main.go':
          'package main\n\nimport (\n\t"os"\n\t"plugin"\n)\n\nfunc main() { plugin.Open(os.Args[1]) }\n',
        'plug/go.mod': 'module example.com/plug\n\ngo 1.19\n',
        'plug/main.go':
          'package main\n\nimport (\n\t"C"\n\t"net/http"\n)\n\nfunc AddHeader(rw http.ResponseWriter, r *http.Request) {}\n\nfunc main() {}\n',
      });
      go('gateway', ['-o', '../host', './cmd/host']);
      go('plug', ['-buildmode=plugin', '-trimpath', '-o', '../p.so', '.']);
      configured(directory, 'go-plugin', 'p.so', [
        '{ file: host }',
        '{ package: ./cmd/host, directory: gateway, preset: tyk }',
        '{ name: declared, file: gateway/go.mod }',
        '{ package: ./cmd/none, directory: gateway }',
      ]);
      const { summary: line, found, evidence } = await fits(directory);
      expect(line).toBe('host: does not fit, ./cmd/host: fits, declared: undecided, ./cmd/none: undecided');
      expect(found).toEqual([
        'error go/flags-mismatch (host host)',
        'undecided go/host-not-built (host ./cmd/none)',
        'undecided go/host-partial (host declared)',
      ]);
      expect(evidence).toMatchObject({
        hosts: [
          {},
          {
            name: './cmd/host',
            loads: true,
            built: expect.stringMatching(/ go build .*-trimpath=true .*\.\/cmd\/host$/),
          },
          {},
          {},
        ],
      });
    },
    TIMEOUT,
  );

  it(
    'beside others of the same host: what they do to each other is told',
    async () => {
      const place = mkdtempSync(join(root, 'both-'));
      const plugin = (name: string) =>
        `  - name: ${name}\n    kind: go-plugin\n    artifact: ${name}.so\n    baseline: { none: first release }\n    hosts: [{ file: ${join(directory, 'host')} }]\n`;
      go('plug', ['-buildmode=plugin', '-o', join(place, 'one.so'), '.']);
      go('plug', ['-buildmode=plugin', '-ldflags=-s', '-o', join(place, 'two.so'), '.']);
      go('plug', [
        '-buildmode=plugin',
        '-ldflags=-pluginpath=three',
        '-gcflags=-p=three',
        '-o',
        join(place, 'three.so'),
        '.',
      ]);
      writeTree(place, { 'plugin-gate.yml': `version: 1\nplugins:\n${['one', 'two', 'three'].map(plugin).join('')}` });
      const { report } = await gate(place, { environment: process.env });
      const found = report.findings.filter(({ step, rule }) => step === 'fit' && rule.startsWith('go/'));
      expect(found.map(({ plugin: name, rule, severity }) => [name, rule, severity])).toEqual([
        ['two', 'go/plugin-path-twice', 'warning'],
      ]);
      expect(report.plugins.map((_, at) => summary(report, 'fit', at))).toEqual([
        'host: fits',
        'host: fits',
        'host: fits',
      ]);
    },
    TIMEOUT,
  );
});
