import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { renderTrail } from '../../src/loader/trail.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load } from './support.ts';

describeWith(['cc'], 'the audit trail', () => {
  const directory = workspace();

  /** A plugin that needs `name`, which lies in the subdirectory `evil` that its RUNPATH names. */
  function withLibrary(name: string): string {
    const evil = join(directory, 'evil');
    mkdirSync(evil, { recursive: true });
    const library = compileC(directory, 'planted', 'int planted(void) { return 0; }', [`-Wl,-soname,${name}`]);
    execFileSync('cp', [library, join(evil, name)]);
    return compileC(
      directory,
      `needs-${name.replaceAll('.', '-')}`,
      'int planted(void); int entry(void) { return planted(); }',
      [join(evil, name), '-Wl,-rpath,$ORIGIN/evil', '-Wl,--no-as-needed'],
    );
  }

  it('has every path searched, file mapped, symbol looked up, thread and denied call, in order', async () => {
    const source = `#include <fcntl.h>\n#include <pthread.h>\nstatic void *work(void *x) { return x; }
      __attribute__((constructor)) static void begin(void) { pthread_t t; pthread_create(&t, 0, work, 0); pthread_join(t, 0); open("/etc/shadow", O_RDONLY); }
      int entry(void) { return 0; }`;
    const file = compileC(directory, 'watched', source, ['-w', '-pthread', '-Wl,--no-as-needed', '-lm']);
    const { evidence } = await load(file, { symbols: ['entry', 'missing'] });
    const { trail } = evidence;
    const kinds = trail.map(({ event, phase, name, found }) =>
      [event, phase, name, found].filter((x) => x !== undefined).join(' '),
    );
    for (const expected of [
      'search open openat true',
      'thread open clone',
      'symbol entry true',
      'symbol missing false',
    ]) {
      expect(kinds).toContain(expected);
    }
    expect(trail).toContainEqual(
      expect.objectContaining({ event: 'call', denied: true, detail: '/etc/shadow', object: 'watched.so' }),
    );
    expect(trail.find(({ event, path }) => event === 'object' && path === 'watched.so')?.handle).toBeGreaterThan(0);
    expect(trail.some(({ event, detail }) => event === 'search' && String(detail).includes('libm.so'))).toBe(true);
    const times = trail.map(({ time }) => time);
    expect(times).toEqual([...times].sort((left, right) => left - right));
    const lines = renderTrail(trail).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(trail.map(({ event }) => event));
  });

  it('shows a library that a search path plants in the place of a system library', async () => {
    const { findings, evidence } = await load(withLibrary('libutil.so.1'), { directory });
    expect(evidence.result).toBe('loaded');
    expect(findings).toMatchObject([{ rule: 'load/library-place', severity: 'warning', subject: 'libutil.so.1' }]);
    expect(findings[0]?.message).toMatch(
      /stands in for .*libutil\.so\.1 of the system \(search path of the plugin: \$ORIGIN\/evil\)/,
    );
  });

  it('notes a library of the plugin, and is silent about those of the system', async () => {
    const { findings } = await load(withLibrary('libmine.so.1'), { directory });
    expect(findings).toMatchObject([{ rule: 'load/library-place', severity: 'note', subject: 'libmine.so.1' }]);
    const plain = compileC(directory, 'plain', 'int entry(void) { return 0; }', ['-Wl,--no-as-needed', '-lm', '-ldl']);
    expect((await load(plain, { directory })).findings).toEqual([]);
  });
});
