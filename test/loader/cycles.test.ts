import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load, rulesOf } from './support.ts';

describeWith(['cc'], 'load and unload, over and over', () => {
  const directory = workspace();
  const HEAD =
    '#include <fcntl.h>\n#include <pthread.h>\n#include <stdlib.h>\n#include <sys/mman.h>\n#include <unistd.h>\n';
  const run = (name: string, source: string) =>
    load(compileC(directory, name, `${HEAD}${source}`, ['-w', '-pthread']), { cycles: 40 });
  const atStart = (body: string) => `__attribute__((constructor)) static void begin(void) { ${body} }`;

  it('an innocent plugin leaves nothing, beyond what an empty library costs', async () => {
    const source = `static void *area; ${atStart('area = malloc(5000);')} __attribute__((destructor)) static void end(void) { free(area); }`;
    const { findings, evidence } = await run('innocent', source);
    expect(findings).toEqual([]);
    expect(Math.abs(evidence.cycles?.growth?.heapBytes ?? 99)).toBeLessThan(64);
    expect(evidence.cycles).toMatchObject({ count: 40, growth: { descriptors: 0, threads: 0 }, control: {} });
  });

  it.each([
    ['heap', 'malloc(2000);', 'heapBytes', 2000],
    ['descriptors', 'dup(1);', 'descriptors', 1],
    [
      'mappings',
      'int fd = open("/usr/lib/os-release", O_RDONLY); mmap(0, 10, PROT_READ, MAP_PRIVATE, fd, 0); close(fd);',
      'mappings',
      1,
    ],
  ] as const)('growth of %s is told', async (name, body, field, least) => {
    const { findings, evidence } = await run(`leaks-${name}`, atStart(body));
    expect(evidence.cycles?.growth?.[field]).toBeGreaterThanOrEqual(least);
    expect(rulesOf({ findings, evidence, summary: '' })).toEqual(['warning load/grows-on-reload']);
    expect(findings[0]?.subject).toBe(field);
  });

  it('a plugin that works once only is told', async () => {
    const source = atStart('if (getenv("PLUGIN_WAS_HERE")) abort(); setenv("PLUGIN_WAS_HERE", "1", 1);');
    const outcome = await run('once', source);
    expect(rulesOf(outcome)).toEqual(['error load/reload-failed']);
    expect(outcome.findings[0]?.message).toContain('SIGABRT');
  });
});
