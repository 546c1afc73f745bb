import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** How a run of the program ended. */
export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  /** Bytes; the largest resident set. */
  readonly memory: number;
  /** Milliseconds of processor time, user and system. */
  readonly processor: number;
  /** Addresses and names that it tried to reach. */
  readonly tried: readonly string[];
}

const ENTRY = `
import { verify } from './src/commands/verify.ts';
const net = require('node:net');
const dns = require('node:dns');
const tried = [];
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...all) {
  const [first] = Array.isArray(all[0]) ? all[0] : all;
  tried.push(typeof first === 'object' ? first.host + ':' + first.port : String(first));
  return connect.apply(this, all);
};
const { lookup } = dns;
dns.lookup = (name, ...all) => { tried.push(name); return lookup(name, ...all); };
const [file, options] = process.argv.slice(2);
const terminal = { out: (text) => process.stdout.write(text), err: () => {}, colour: false, interactive: false, width: 100 };
const end = (code) => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  // Not maxRSS: that counts from the fork, and so what the test runner had by then.
  const [, peak] = /VmHWM:\\s+(\\d+) kB/.exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'));
  process.stderr.write(JSON.stringify({ memory: Number(peak) * 1024, processor: (userCPUTime + systemCPUTime) / 1000, tried }));
  process.exitCode = code;
};
verify(file, { ...JSON.parse(options), environment: process.env }, terminal).then(end, (error) => {
  process.stdout.write(String(error));
  end(error.name === 'UsageError' ? 2 : 4);
});
`;

/** Builds `verify` as a program of its own, which tells what it used and whom it tried to reach. */
export function verifyProgram(
  directory: string,
): (file: string, options: object, wrapper?: readonly string[]) => Ended {
  const program = join(directory, 'verify.cjs');
  const { outputFiles } = buildSync({
    stdin: { contents: ENTRY, resolveDir: new URL('../..', import.meta.url).pathname, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    write: false,
    banner: { js: "const __bundleUrl=require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': '__bundleUrl' },
    logLevel: 'error',
  });
  writeFileSync(program, outputFiles[0]?.contents ?? '');
  return (file, options, wrapper = []) => {
    const [command = process.execPath, ...args] = [
      ...wrapper,
      process.execPath,
      program,
      file,
      JSON.stringify(options),
    ];
    const ended = spawnSync(command, args, {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: directory, XDG_CACHE_HOME: join(directory, 'cache') },
      maxBuffer: 1 << 26,
    });
    const told: unknown = ended.stderr.startsWith('{') ? JSON.parse(ended.stderr) : {};
    const about = { memory: 0, processor: 0, tried: [], ...(typeof told === 'object' ? told : {}) };
    return { status: ended.status, out: ended.stdout, err: ended.stderr, ...about };
  };
}
