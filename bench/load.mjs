// What loading in the sandbox costs: the native loader against a small program that only calls dlopen with LD_BIND_NOW=1.
//   node bench/load.mjs [PLUGIN] [--runs N] [--many N]
// Prints the median of each, in milliseconds of wall time with the start of the process, and what the sandbox adds; then the same
// for many plugins at once, as many at a time as there are processors. The ways take turns, so that a busy machine slows down all.
// Ends with 1 when the sandbox with notifications and audit trail adds more than 20 ms. Needs cc.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const words = process.argv.slice(2);
const runs = Number(words.includes('--runs') ? words[words.indexOf('--runs') + 1] : 60);
const many = Number(words.includes('--many') ? words[words.indexOf('--many') + 1] : 100);
const given = words.find((word, index) => !word.startsWith('--') && !/^--(runs|many)$/.test(words[index - 1] ?? ''));
/** Milliseconds that the whole may cost over plain dlopen. */
const MOST = 20;

const PLAIN = `#include <dlfcn.h>
int main(int count, char **words) { void *handle = count == 2 ? dlopen(words[1], RTLD_NOW | RTLD_LOCAL) : 0; return handle == 0 || dlclose(handle) != 0; }`;
const PLUGIN = `#include <math.h>
static int ready; __attribute__((constructor)) static void begin(void) { ready = 1; }
double scale(double x) { return ready ? sin(x) : 0; }
int health(void) { return 0; }`;

const directory = mkdtempSync(join(tmpdir(), 'plugin-gate-bench-'));
try {
  const compile = (name, source, ...flags) => {
    writeFileSync(join(directory, `${name}.c`), source);
    execFileSync('cc', ['-O2', '-o', join(directory, name), join(directory, `${name}.c`), ...flags]);
    return join(directory, name);
  };
  const plain = compile('plain', PLAIN, '-ldl');
  const plugin = given ? realpathSync(given) : compile('plugin.so', PLUGIN, '-shared', '-fPIC', '-lm');
  const name = process.arch === 'arm64' ? 'linux-arm64' : 'linux-amd64';
  const loader = join(root, 'native', 'prebuilt', name, 'plugin-gate-loader');
  const trail = join(directory, 'trail');
  writeFileSync(trail, '');
  const audited = {
    LD_AUDIT: join(root, 'native', 'prebuilt', name, 'plugin-gate-audit.so'),
    PLUGIN_GATE_TRAIL: trail,
    GLIBC_TUNABLES: 'glibc.rtld.optional_static_tls=352',
  };
  const job = (profile) =>
    [
      'plugin-gate-job 1',
      `file ${plugin}`,
      `profile ${profile}`,
      ...['/lib', '/lib64', '/usr/lib', '/etc/ld.so.cache', dirname(plugin)]
        .filter(existsSync)
        .map((path) => `read ${path}`),
      'end',
      '',
    ].join('\n');

  const timed = (command, options) => {
    const start = process.hrtime.bigint();
    const { status, stderr } = spawnSync(command[0], command.slice(1), options);
    const time = Number(process.hrtime.bigint() - start) / 1e6;
    if (status !== 0) throw new Error(`${command[0]} ended with ${status}: ${stderr}`);
    return time;
  };
  const ways = {
    'dlopen, LD_BIND_NOW=1': () => timed([plain, plugin], { env: { LD_BIND_NOW: '1' } }),
    'sandbox, profile c': () => timed([loader], { input: job('c'), stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }),
    'the same, audit trail': () => {
      truncateSync(trail, 0);
      truncateSync(trail, 4 << 20);
      return timed([loader], { input: job('c'), stdio: ['pipe', 'pipe', 'pipe', 'pipe'], env: audited });
    },
    'sandbox, profile strict': () => timed([loader], { input: job('strict'), stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }),
    'sandbox, profile audit': () => timed([loader], { input: job('audit'), stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }),
  };
  const times = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  for (let run = 0; run < runs; run++) for (const [way, take] of Object.entries(ways)) times[way].push(take());

  const median = (list) => [...list].sort((left, right) => left - right)[Math.floor(list.length / 2)];
  const base = median(times['dlopen, LD_BIND_NOW=1']);
  console.log(`${plugin}, ${runs} runs each, medians`);
  for (const [way, list] of Object.entries(times)) {
    const value = median(list);
    console.log(
      `${way.padEnd(24)} ${value.toFixed(2).padStart(7)} ms  ${(value / base).toFixed(1).padStart(5)}x  +${(value - base).toFixed(2)} ms`,
    );
  }
  const added = median(times['the same, audit trail']) - base;
  console.log(`notifications and audit trail together: +${added.toFixed(2)} ms of at most ${MOST} ms`);

  // For the report: Node leaves a descriptor above 2 that is to be ignored closed.
  const nothing = openSync('/dev/null', 'w');
  const atOnce = async (command, input, options) => {
    const start = process.hrtime.bigint();
    let left = many;
    const worker = async () => {
      while (left-- > 0) {
        await new Promise((settle, reject) => {
          const child = spawn(command[0], command.slice(1), {
            ...options,
            stdio: ['pipe', 'ignore', 'ignore', nothing],
          });
          child.on('error', reject);
          child.on('exit', (status) =>
            status === 0 ? settle() : reject(new Error(`${command[0]} ended with ${status}`)),
          );
          child.stdin.on('error', () => {}); // The plain program does not read it.
          child.stdin.end(input);
        });
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
    return Number(process.hrtime.bigint() - start) / 1e6;
  };
  console.log(`${many} plugins, ${availableParallelism()} at a time`);
  const row = (way, time) =>
    console.log(`${way.padEnd(24)} ${time.toFixed(0).padStart(7)} ms  ${(time / many).toFixed(2)} ms each`);
  row('dlopen, LD_BIND_NOW=1', await atOnce([plain, plugin], '', { env: { LD_BIND_NOW: '1' } }));
  row('sandbox, audit trail', await atOnce([loader], job('c'), { env: audited }));
  if (added > MOST) process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true });
}
