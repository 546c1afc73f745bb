import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { DAMAGED_SOURCE, damaged } from '../loader/damage.ts';
import { load } from '../loader/support.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

const ROOT = join(import.meta.dirname, '../..');
const PREBUILT = join(ROOT, 'native/prebuilt');
const SOURCES = join(ROOT, 'native/audit');
const NAME = process.arch === 'arm64' ? 'linux-arm64' : 'linux-amd64';

/**
 * It has no C library, and so no run time for sanitizers: undefined behaviour ends the process with SIGILL instead. Tables of
 * damaged files lie at any address, which both processors can read.
 */
const TRAPS = ['-fsanitize=undefined', '-fno-sanitize=alignment', '-fsanitize-undefined-trap-on-error'];

/** Puts another audit library into an installation, with its digest. */
function replaceLibrary(prebuilt: string, make: (library: string) => void): void {
  const library = join(prebuilt, NAME, 'plugin-gate-audit.so');
  make(library);
  const digest = createHash('sha256').update(readFileSync(library)).digest('hex');
  const file = join(prebuilt, 'SHA256SUMS');
  const line = new RegExp(`^.*${NAME}/plugin-gate-audit.so$`, 'm');
  writeFileSync(file, readFileSync(file, 'latin1').replace(line, `${digest}  ${NAME}/plugin-gate-audit.so`));
}

describeWith(['cc'], 'the audit library with undefined behaviour made fatal', () => {
  const directory = workspace();

  it('tells what it tells, and meets none in 100 damaged files', async () => {
    const prebuilt = join(directory, 'prebuilt');
    cpSync(PREBUILT, prebuilt, { recursive: true });
    const words = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-O1', '-fPIC', '-fvisibility=hidden'];
    const sources = readdirSync(SOURCES).filter((name) => name.endsWith('.c'));
    replaceLibrary(prebuilt, (library) =>
      execFileSync(
        'cc',
        [...words, '-fno-builtin', '-fno-stack-protector', ...TRAPS, '-shared', '-nostdlib', '-o', library, ...sources],
        { cwd: SOURCES },
      ),
    );

    const plugin = compileC(directory, 'sound', DAMAGED_SOURCE);
    const { evidence, findings } = await load(plugin, { prebuilt, symbols: ['entry'] });
    expect(findings).toEqual([]);
    expect(evidence.audit?.linker).toBe(true);
    const events = new Set(evidence.trail.filter(({ by }) => by === 'linker').map(({ event }) => event));
    expect([...events].sort()).toEqual(expect.arrayContaining(['closed', 'constructor', 'object', 'search', 'symbol']));

    for (const bytes of damaged(readFileSync(plugin), 100)) {
      const outcome = await load(plugin, { prebuilt, bytes, timeouts: { open: 1000, close: 1000, exit: 1000 } });
      expect(outcome.evidence.crash?.object ?? '').not.toMatch(/plugin-gate-audit/);
    }
  });

  it('that crashes itself is left out, and the plugin is loaded without', async () => {
    const prebuilt = join(directory, 'crashing');
    cpSync(PREBUILT, prebuilt, { recursive: true });
    const source = join(directory, 'crashing.c');
    writeFileSync(
      source,
      '#include <link.h>\nunsigned la_version(unsigned v) { return v; }\nstatic int run; void la_preinit(uintptr_t *c) { run = 1; }\nchar *la_objsearch(const char *n, uintptr_t *c, unsigned f) { if (run) *(volatile int *)8 = 1; return (char *)n; }\n',
    );
    replaceLibrary(prebuilt, (library) =>
      execFileSync('cc', ['-w', '-D_GNU_SOURCE', '-shared', '-fPIC', '-nostdlib', '-o', library, source]),
    );
    const { evidence, findings } = await load(compileC(directory, 'innocent', 'int entry(void) { return 0; }'), {
      prebuilt,
    });
    // A plugin could have made it crash, so that is told.
    expect(findings).toMatchObject([{ rule: 'load/not-observed', severity: 'undecided', subject: 'audit trail' }]);
    expect([evidence.result, evidence.audit?.linker]).toEqual(['loaded', false]);
  });
});
