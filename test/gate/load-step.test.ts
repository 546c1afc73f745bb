import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { writeReports } from '../../src/report/write.ts';
import { misbehaving } from '../loader/support.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { gate, RUNNER, summary } from './project.ts';

describeWith(['cc'], 'the step load of the gate', () => {
  const directory = workspace();

  it('names the line in the repository that asked for what is denied, and leaves its audit trail beside the report', async () => {
    mkdirSync(join(directory, 'src'));
    writeFileSync(
      join(directory, 'src/p.c'),
      '#include <fcntl.h>\n__attribute__((constructor)) static void begin(void) {\n  open("/etc/shadow", O_RDONLY);\n}\nint p_init(void) { return 0; }\n',
    );
    execFileSync('cc', ['-g', '-shared', '-fPIC', '-o', join(directory, 'p.so'), join(directory, 'src/p.c')]);
    writeFileSync(
      join(directory, 'plugin-gate.yml'),
      'version: 1\nplugins:\n  - { name: p, kind: elf, artifact: p.so }\nbaseline: { none: first release }\n',
    );
    const { report } = await gate(directory);
    expect(report.findings.find(({ rule }) => rule === 'load/denied-syscall')).toMatchObject({
      subject: 'openat /etc/shadow',
      symbol: 'begin',
      location: { file: 'src/p.c', line: 3 },
    });
    expect(summary(report, 'load')).toMatch(/; \d+ events in audit\.jsonl$/);

    const reports = join(directory, 'report');
    const written = await writeReports(report, reports, ['json', 'markdown', 'html']);
    expect(written.at(-1)).toEqual({ format: 'audit', path: join(reports, 'audit.jsonl') });
    const lines = readFileSync(join(reports, 'audit.jsonl'), 'utf8').trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line));
    expect(entries).toHaveLength(Number(/(\d+) events/.exec(summary(report, 'load') ?? '')?.[1]));
    expect(entries.every(({ plugin, target }) => plugin === 'p' && target === RUNNER)).toBe(true);
    expect(entries).toContainEqual(expect.objectContaining({ event: 'call', detail: '/etc/shadow', denied: true }));
    if (report.plugins[0] !== undefined && entries.some(({ by }) => by === 'linker')) {
      expect(entries).toContainEqual(expect.objectContaining({ event: 'constructor', name: 'begin', returned: true }));
    }
    for (const file of ['report.md', 'report.html'])
      expect(readFileSync(join(reports, file), 'utf8')).toContain('events in audit.jsonl');
  });

  it('calls all probes of a plugin, in their order', async () => {
    const place = join(directory, 'probed');
    mkdirSync(place);
    writeFileSync(
      join(place, 'p.c'),
      'static int calls; int p_first(void) { return ++calls; } int p_second(void) { return ++calls; } const char *p_name(void) { return "p"; }\n',
    );
    execFileSync('cc', ['-g', '-shared', '-fPIC', '-o', join(place, 'p.so'), join(place, 'p.c')]);
    const config = (second: number) => `version: 1
plugins:
  - name: p
    kind: elf
    artifact: p.so
    probe: { symbol: p_first, expect: 1 }
    probes:
      - { symbol: p_second, expect: ${second} }
      - { symbol: p_name, signature: const char *(void), expect: p }
baseline: { none: first release }
`;
    writeFileSync(join(place, 'plugin-gate.yml'), config(2));
    const { report } = await gate(place);
    expect(report.findings.filter(({ step }) => step === 'load')).toEqual([]);
    expect(summary(report, 'load')).toContain('3 probes called');
    writeFileSync(join(place, 'plugin-gate.yml'), config(3));
    const { report: worse } = await gate(place);
    expect(
      worse.findings.filter(({ step }) => step === 'load').map(({ rule, message }) => `${rule}: ${message}`),
    ).toEqual(['load/probe-failed: p_second() returned 2, expected 3.']);
  });

  it('goes on with the next plugin, whatever the one before did to its process', async () => {
    const place = join(directory, 'several');
    mkdirSync(place);
    const names = ['exits', 'crashes', 'hangs', 'closesDescriptors', 'killsGroup', 'fillsDisk'] as const;
    for (const name of names) misbehaving(place, name);
    writeFileSync(join(place, 'good.c'), 'int good_init(void) { return 0; }\n');
    execFileSync('cc', ['-g', '-shared', '-fPIC', '-o', join(place, 'good.so'), join(place, 'good.c')]);
    const plugin = (name: string) => `  - { name: ${name}, kind: elf, artifact: ${name}.so }\n`;
    writeFileSync(
      join(place, 'plugin-gate.yml'),
      `version: 1\nplugins:\n${[...names, 'good'].map(plugin).join('')}sandbox: { timeout: 1s }\nbaseline: { none: first release }\n`,
    );
    const { report } = await gate(place);
    const loads = report.plugins.map(({ plugin: name, steps }) => [
      name,
      steps.find(({ step }) => step === 'load')?.status,
    ]);
    expect(loads).toEqual([...names.map((name) => [name, 'fail']), ['good', 'pass']]);
    const told = report.findings
      .filter(({ step }) => step === 'load')
      .map(({ plugin: name, rule }) => `${name} ${rule}`);
    expect(told).toEqual(
      expect.arrayContaining([
        'exits load/exited',
        'crashes load/crashed',
        'hangs load/timeout',
        'closesDescriptors load/interfered',
        'killsGroup load/denied-syscall',
        'fillsDisk load/denied-syscall',
      ]),
    );
  });
});
