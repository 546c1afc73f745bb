import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load, rulesOf } from './support.ts';

const HEAD = `
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>
static pthread_t thread; static sem_t ready, end;
/* Not inlined, so that the thread has a place to return to. */
static __attribute__((noinline)) void rest(void) { sem_post(&ready); pause(); }
static void *sleeper(void *x) { for (;;) rest(); return x; }
static void *spinner(void *x) { sem_post(&ready); for (volatile unsigned long i = 0;; i++); return x; }
static void *worker(void *x) { sem_post(&ready); sem_wait(&end); return x; }
static void start(void *(*code)(void *)) { sem_init(&ready, 0, 0); sem_init(&end, 0, 0); pthread_create(&thread, 0, code, 0); sem_wait(&ready); usleep(20000); }
`;

/** Threads that run when dlclose takes the plugin's code away. */
describeWith(['cc'], 'threads at dlclose', () => {
  const directory = workspace();
  let counter = 0;
  const run = (source: string, flags: readonly string[] = [], probe?: string) => {
    counter += 1;
    const file = compileC(directory, `threads${counter}`, `${HEAD}${source}`, ['-w', '-pthread', ...flags]);
    return load(file, probe === undefined ? {} : { probes: [{ symbol: probe, signature: 'int(void)' }] });
  };
  const atStart = (body: string) => `__attribute__((constructor)) static void begin(void) { ${body} }`;

  it('that wait quietly are an error, with the line to which they return', async () => {
    const outcome = await run(atStart('start(sleeper);'), ['-g']);
    expect(rulesOf(outcome)).toEqual(['error load/thread-outlives']);
    expect(outcome.findings[0]).toMatchObject({ symbol: 'rest', subject: 'threads' });
    expect(outcome.findings[0]?.message).toMatch(/^A thread of it has still to return into rest \(.*threads1\.c:7\)/);
    expect(outcome.evidence.outliving).toMatchObject({ threads: 1, function: 'rest', object: 'threads1.so' });
    expect(outcome.evidence.states.find(({ phase }) => phase === 'open')?.threads).toBe(2);
    expect(outcome.evidence.result).toBe('loaded');
  });

  it('that run now and wait at times are found too, when they wait', async () => {
    // It runs in code that stays, and returns into the plugin's only after a rest.
    compileC(
      directory,
      'libbusy',
      '#include <unistd.h>\nvoid busy(void) { for (;;) { for (volatile unsigned long i = 0; i < 8000000; i++); usleep(15000); } }',
      ['-w', '-Wl,-soname,libbusy.so,-z,nodelete'],
    );
    const source = `void busy(void); static void *user(void *x) { sem_post(&ready); busy(); return x; } ${atStart('start(user);')}`;
    counter += 1;
    const file = compileC(directory, `threads${counter}`, `${HEAD}${source}`, [
      '-w',
      '-pthread',
      '-O0',
      `-L${directory}`,
      '-lbusy',
      '-Wl,-rpath,$ORIGIN',
    ]);
    const outcome = await load(file, { directory });
    expect(rulesOf(outcome)).toContain('error load/thread-outlives');
    expect(outcome.findings.find(({ rule }) => rule === 'load/thread-outlives')).toMatchObject({ symbol: 'user' });
  });

  it('that run are a crash, which is an error too', async () => {
    const outcome = await run(atStart('start(spinner);'));
    expect(rulesOf(outcome)).toEqual(['error load/crashed']);
    expect(outcome.findings[0]?.fix).toMatch(/a thread of its own running/);
  });

  it('are a warning where a probe started them: its counterpart is not called here', async () => {
    const quiet = await run('int init(void) { start(sleeper); return 0; }', [], 'init');
    expect(rulesOf(quiet)).toEqual(['warning load/thread-outlives']);
    const busy = await run('int init(void) { start(spinner); return 0; }', [], 'init');
    expect(rulesOf(busy)).toEqual(['warning load/crashed']);
  });

  it('that a destructor ends are no finding', async () => {
    const source = `${atStart('start(worker);')} __attribute__((destructor)) static void finish(void) { sem_post(&end); pthread_join(thread, 0); }`;
    expect((await run(source)).findings).toEqual([]);
  });

  it('whose code stays in memory are no finding of their own', async () => {
    expect(rulesOf(await run(atStart('start(sleeper);'), ['-Wl,-z,nodelete']))).toEqual(['note load/not-unloaded']);
  });

  it('of a library that stays, with addresses of the plugin on their stacks, are no finding', async () => {
    const pool = `${HEAD} void (*job)(void); static void *serve(void *x) { void (*volatile mine[64])(void); for (int i = 0; i < 64; i++) mine[i] = job; mine[0](); sem_post(&ready); for (;;) pause(); return (void *)mine[1]; }
      void submit(void (*work)(void)) { job = work; start(serve); }`;
    compileC(directory, 'libpool', pool, ['-w', '-pthread', '-Wl,-soname,libpool.so,-z,nodelete']);
    const source = `void submit(void (*)(void)); static void work(void) {} ${atStart('submit(work);')}`;
    counter += 1;
    const file = compileC(directory, `threads${counter}`, source, [
      '-w',
      `-L${directory}`,
      '-lpool',
      '-Wl,-rpath,$ORIGIN',
    ]);
    const outcome = await load(file, { directory });
    expect(outcome.evidence.states.find(({ phase }) => phase === 'close')?.threads).toBe(2);
    expect(outcome.evidence.unload?.mapped).toBe(false);
    expect(rulesOf(outcome)).toEqual(['note load/library-place']);
  });
});
