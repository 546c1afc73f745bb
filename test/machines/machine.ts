import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadRequest } from '../../src/loader/model.ts';
import { type Entry, initramfs, librariesOf, MERGED, program, text } from './initramfs.ts';

export type Architecture = 'amd64' | 'arm64';

export interface MachineOptions {
  readonly architecture: Architecture;
  /** Root with the kernel (boot/vmlinuz-*) and its modules. */
  readonly kernel: string;
  /** Root with the C and C++ libraries that plugins get; `/` for those of this machine. */
  readonly libraries: string;
  /** For what the machine is made of; its path must be short, as a socket lies in it. */
  readonly directory: string;
}

/** An emulated machine in which the loader runs in place of this one. */
export interface Machine {
  /** What a request needs so that the plugin is loaded there. */
  readonly request: Partial<LoadRequest>;
  /** `uname -r` */
  readonly kernel: string;
  /** What each run left behind, in their order: processes, files, mounts. */
  readonly leftBehind: () => readonly string[];
  /** The kernel's messages so far. */
  readonly console: () => string;
  readonly stop: () => Promise<void>;
}

interface Board {
  readonly compiler: string;
  readonly emulator: string;
  /** As qemu-user names it. */
  readonly userEmulator: string;
  readonly node: string;
  readonly triplet: string;
  readonly console: string;
  readonly options: readonly string[];
  readonly serial: string;
}

const BOARDS: Readonly<Record<Architecture, Board>> = {
  amd64: {
    compiler: 'x86_64-linux-gnu-gcc',
    emulator: 'qemu-system-x86_64',
    userEmulator: 'qemu-x86_64',
    node: 'x64',
    triplet: 'x86_64-linux',
    console: 'ttyS0',
    options: ['-M', 'q35', '-cpu', 'max'],
    serial: 'virtio-serial-pci',
  },
  arm64: {
    compiler: 'aarch64-linux-gnu-gcc',
    emulator: 'qemu-system-aarch64',
    userEmulator: 'qemu-aarch64',
    node: 'arm64',
    triplet: 'aarch64-linux',
    console: 'ttyAMA0',
    // The real algorithm of pointer authentication is very slow to emulate.
    options: ['-M', 'virt', '-cpu', 'max,pauth-impdef=on'],
    serial: 'virtio-serial-pci',
  },
};

/** Modules for the serial port, in the order of their dependencies; a kernel has not all of them. */
const MODULES = [
  'virtio',
  'virtio_ring',
  'virtio_pci_legacy_dev',
  'virtio_pci_modern_dev',
  'virtio_pci',
  'virtio_console',
];

const PREBUILT = join(import.meta.dirname, '../../native/prebuilt');
const BOOT_MS = 120_000;
const MEGABYTES = 512;

/** Programs that the machine of an architecture needs here. */
export function programsFor(architecture: Architecture): readonly string[] {
  return ['cc', BOARDS[architecture].compiler, BOARDS[architecture].emulator];
}

/** Whether plugins for it run here without an emulator. */
export function isNative(architecture: Architecture): boolean {
  return process.arch === BOARDS[architecture].node;
}

/**
 * Boots a machine and waits until it takes plugins.
 * @throws Error with the kernel's messages when it does not come up
 */
export async function boot(options: MachineOptions): Promise<Machine> {
  const { architecture, directory } = options;
  const board = BOARDS[architecture];
  const kernel = kernelOf(options.kernel);
  const image = join(directory, 'initrd');
  const socket = join(directory, 'port');
  const log = join(directory, 'left-behind');
  writeFileSync(image, initramfs(contents(options, kernel)));
  const relay = makeRelay(options, socket, log);

  const child = spawn(
    board.emulator,
    [
      ...board.options,
      ...[
        '-accel',
        'tcg,thread=multi',
        '-smp',
        '2',
        '-m',
        String(MEGABYTES),
        '-nographic',
        '-nic',
        'none',
        '-no-reboot',
      ],
      ...['-kernel', join(options.kernel, 'boot', `vmlinuz-${kernel}`), '-initrd', image],
      ...['-append', `console=${board.console} quiet panic=-1`],
      ...['-chardev', `socket,id=port,path=${socket},server=on,wait=off`, '-device', board.serial],
      ...['-device', 'virtserialport,chardev=port,name=plugin-gate'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const messages = await untilReady(child);
  return {
    request: relay,
    kernel,
    leftBehind: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []),
    console: messages,
    stop: () => end(child),
  };
}

function kernelOf(root: string): string {
  const name = readdirSync(join(root, 'boot')).find((entry) => entry.startsWith('vmlinuz-'));
  if (name === undefined) throw new Error(`There is no kernel in ${root}/boot.`);
  return name.slice('vmlinuz-'.length);
}

function contents(
  { architecture, kernel: root, libraries, directory }: MachineOptions,
  kernel: string,
): readonly Entry[] {
  const { triplet, compiler } = BOARDS[architecture];
  const build = (output: string, input: string) => {
    execFileSync(compiler, ['-static', '-O1', '-Wall', '-Wextra', '-Werror', '-o', output, input], { stdio: 'pipe' });
    return output;
  };
  const init = build(join(directory, 'init'), source('init.c'));
  writeFileSync(join(directory, 'nothing.c'), 'int main(void) { return 0; }\n');
  const nothing = build(join(directory, 'nothing'), join(directory, 'nothing.c'));
  const places = [
    'lib',
    'lib64',
    ...['gnu', 'musl'].flatMap((libc) => [`lib/${triplet}-${libc}`, `usr/lib/${triplet}-${libc}`]),
  ];
  return [
    program('init', readFileSync(init)),
    ...MERGED,
    ...modulesOf(join(root, 'lib', 'modules', kernel)),
    ...librariesOf(libraries, places),
    text('etc/passwd', 'root:x:0:0:root:/:/bin/sh\n'),
    { ...text('etc/shadow', 'root:*:1:0:99999:7:::\n'), mode: 0o100600 },
    text('usr/lib/os-release', 'ID=machine\n'),
    ...['sh', 'true'].map((name) => program(`bin/${name}`, readFileSync(nothing))),
  ];
}

function modulesOf(directory: string): readonly Entry[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return MODULES.flatMap((name, index) => {
    const file = files.find((path) => path.endsWith(`/${name}.ko`));
    return file === undefined ? [] : [program(`modules/${index}-${name}.ko`, readFileSync(join(directory, file)))];
  });
}

/** Puts the relay where the gate looks for an emulator, or, for this machine's own architecture, for the loader. */
function makeRelay(
  { architecture, directory, libraries }: MachineOptions,
  socket: string,
  log: string,
): Partial<LoadRequest> {
  const { userEmulator } = BOARDS[architecture];
  const build = (output: string, loader?: string) => {
    const texts = Object.entries({ SOCKET: socket, LOG: log, ...(loader === undefined ? {} : { LOADER: loader }) });
    const defines = texts.map(([name, value]) => `-D${name}=${JSON.stringify(value)}`);
    execFileSync('cc', ['-static', '-O1', '-Wall', '-Wextra', '-Werror', ...defines, '-o', output, source('relay.c')], {
      stdio: 'pipe',
    });
    chmodSync(output, 0o755);
  };
  if (!isNative(architecture)) {
    const path = join(directory, 'path');
    mkdirSync(path);
    build(join(path, userEmulator));
    return { path, sysroot: libraries };
  }
  const prebuilt = join(directory, 'prebuilt');
  cpSync(PREBUILT, prebuilt, { recursive: true });
  for (const name of [`linux-${architecture}`, `linux-${architecture}-musl`]) {
    const file = join(name, 'plugin-gate-loader');
    rmSync(join(prebuilt, file));
    build(join(prebuilt, file), join(PREBUILT, file));
  }
  const files = readFileSync(join(PREBUILT, 'SHA256SUMS'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\S+\s+/, ''));
  writeFileSync(
    join(prebuilt, 'SHA256SUMS'),
    files.map((file) => `${digestOf(join(prebuilt, file))}  ${file}\n`).join(''),
  );
  return { prebuilt };
}

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function source(name: string): string {
  return join(import.meta.dirname, name);
}

/** Waits for the first process to say that it listens; gives what the console has shown by then and later. */
function untilReady(child: ChildProcess): Promise<() => string> {
  let messages = '';
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return new Promise((settle, reject) => {
    const timer = setTimeout(() => giveUp(`it was not ready within ${BOOT_MS} ms`), BOOT_MS);
    const giveUp = (why: string) => {
      clearTimeout(timer);
      kill();
      reject(new Error(`The machine did not come up: ${why}.\n${messages.slice(-4000)}`));
    };
    const take = (chunk: Buffer) => {
      if (messages.length < 1 << 20) messages += chunk.toString('latin1');
      if (!messages.includes('machine: ready')) return;
      clearTimeout(timer);
      settle(() => messages);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.on('error', (error) => giveUp(error.message));
    child.on('exit', (code) => {
      process.removeListener('exit', kill);
      giveUp(`the emulator ended with exit code ${code}`);
    });
  });
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((settle) => {
    if (child.exitCode !== null || child.signalCode !== null) settle();
    child.on('exit', () => settle());
    child.kill('SIGKILL');
  });
}
