import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load, rulesOf } from './support.ts';

/** Goes through the mappings that are shared and writable: the audit trail is the only one. */
const AREAS = `#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
static char *area; static unsigned long size;
static void find(void) {
  char line[512], rights[8]; unsigned long from, to; FILE *maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && rights[1] == 'w' && rights[3] == 's') { area = (char *)from; size = to - from; }
  if (maps) fclose(maps);
}
int healthy(void) { return 0; }
__attribute__((constructor)) static void begin(void) { find(); BODY }
`;

describeWith(['cc'], 'a plugin that destroys the audit trail', () => {
  const directory = workspace();

  it.each([
    ['takes it away', 'munmap(area, size);', /the audit library crashed when it wrote there/],
    ['writes over all of it', 'memset(area, 0xff, size);', /its beginning is gone/],
    ['zeroes it', 'memset(area, 0, size);', /its beginning is gone/],
    ['writes over the records', 'memset(area + 24, 0x41, 2000);', /not what was written/],
    ['lets it begin anew', 'memset(area + 8, 0, size - 8);', /the plugin itself is not in it/],
    ['claims that it was full', '((uint64_t *)area)[2] = 1; memset(area + 24, 0, 20000);', /not what was written/],
    [
      'puts other memory in its place',
      'char *own = mmap(0, size, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); memcpy(own, area, size); mremap(own, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, area);',
      /the end of a constructor that returned is missing/,
    ],
  ])('%s: is told', async (name, body, message) => {
    const source = AREAS.replace('BODY', body);
    const outcome = await load(compileC(directory, `damage-${name.replaceAll(' ', '-')}`, source, ['-w']), {
      probes: [{ symbol: 'healthy', signature: 'int(void)' }],
    });
    expect(rulesOf(outcome)).toEqual(['error load/interfered']);
    expect(outcome.findings[0]).toMatchObject({ subject: 'audit trail', message: expect.stringMatching(message) });
    expect(outcome.evidence.audit).toMatchObject({
      linker: false,
      reason: expect.not.stringMatching(/no audit|not take/),
    });
  });

  it.each([
    ['looks for it only', ''],
    ['shares memory of its own', 'memset(mmap(0, 65536, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 0xff, 65536);'],
  ])('that %s is not told of', async (name, body) => {
    const outcome = await load(
      compileC(directory, `own-${name.replaceAll(' ', '-')}`, AREAS.replace('BODY', body), ['-w']),
    );
    expect(rulesOf(outcome)).toEqual([]);
    expect(outcome.evidence.audit).toEqual({ linker: true });
  });

  it('says that tunables of its own are why a plugin is not audited', async () => {
    const file = compileC(directory, 'tuned', 'int entry(void) { return 0; }');
    const outcome = await load(file, { environment: { GLIBC_TUNABLES: 'glibc.malloc.check=0' } });
    expect(rulesOf(outcome)).toEqual([]);
    expect(outcome.evidence.audit).toEqual({ linker: false, reason: 'GLIBC_TUNABLES is given to the plugin' });
  });
});
