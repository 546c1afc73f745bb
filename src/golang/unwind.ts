import type { ElfImage } from '../elf/model.ts';
import { type GoFunction, type GoFunctions, readGoFunctions } from './functions.ts';

/** A Go file that is mapped into a process. */
export interface GoModule {
  readonly image: ElfImage;
  /** What is added to addresses as the file counts. */
  readonly bias: bigint;
  readonly functions: GoFunctions;
}

/** A function that is under way. */
export interface GoFrame {
  readonly module: GoModule;
  readonly function: GoFunction;
  /** An address of the calling instruction, as the file counts. */
  readonly address: number;
}

const MOST_FRAMES = 100;
/** Bytes of a return address. */
const WORD = 8;
/** What makes system calls for package syscall: on arm64 what calls it is on the stack, and it is not. */
const GATES = ['syscall.RawSyscall6', 'syscall.rawSyscallNoError'];
/** It takes its return address off the stack, which both processes have after the call (syscall/asm_linux_amd64.s). */
const VFORK = 'syscall.rawVforkSyscall';
const VFORK_GATES = ['syscall.forkAndExecInChild1', 'syscall.doCheckClonePidfd'];

/**
 * @param base address of the first byte of the file in memory
 * @returns undefined when its functions cannot be read
 */
export function goModule(bytes: Uint8Array, image: ElfImage, base: bigint): GoModule | undefined {
  const functions = readGoFunctions(bytes, image);
  const first = image.segments.find(({ type }) => type === 'LOAD');
  if (functions === undefined || first === undefined || base === 0n) return undefined;
  return { image, functions, bias: base - BigInt(first.vaddr - first.offset) };
}

/**
 * The frames of a goroutine that is in a system call, the last first, by Go's own tables (runtime/traceback.go). What is found
 * comes from the memory of the process: a diagnosis, no proof.
 * @param counter address of the instruction after the system call
 * @param words the stack, from the stack pointer upwards
 */
export function unwind(modules: readonly GoModule[], counter: bigint, words: readonly bigint[]): readonly GoFrame[] {
  const frames: GoFrame[] = [];
  let frame = frameAt(modules, counter);
  let stack = 0;
  while (frame !== undefined && frames.length < MOST_FRAMES) {
    frames.push(frame);
    let next: { readonly frame: GoFrame; readonly size: number } | undefined;
    for (const { link, size } of waysOut(frame, frames.length === 1)) {
      const word = words[(stack + link) / WORD];
      // The instruction before: a call at the end of a function returns to the next one's first.
      const caller = word === undefined || word === 0n ? undefined : frameAt(modules, word - 1n);
      if (caller !== undefined) next ??= { frame: caller, size };
    }
    frame = next?.frame;
    stack += next?.size ?? 0;
  }
  return frames;
}

interface WayOut {
  /** Where the return address lies, in bytes from the stack pointer. */
  readonly link: number;
  /** Where the caller's frame begins. */
  readonly size: number;
}

/** Where the return address of a frame lies; several places where it depends on who called. */
function waysOut({ module, function: one, address }: GoFrame, isFirst: boolean): readonly WayOut[] {
  const isAmd64 = module.image.header.machine === 'x86-64';
  if (isFirst && one.name === VFORK) return behind(module, VFORK_GATES, isAmd64);
  const size = one.frameSize(address);
  if (size === undefined || size < 0 || size % WORD !== 0) return [];
  if (isAmd64) return [{ link: size, size: size + WORD }];
  // arm64 keeps it in a register until a function makes a frame, at whose low end it then is: this is its caller's.
  return isFirst && size === 0 ? behind(module, GATES, isAmd64) : [{ link: 0, size }];
}

/** Where a function whose caller is not on the stack has one of a few callers: behind the frame of that one. */
function behind({ functions }: GoModule, callers: readonly string[], isAmd64: boolean): readonly WayOut[] {
  return callers.flatMap((name) => {
    const size = functions.named(name)?.fullFrameSize();
    if (size === undefined) return [];
    return isAmd64 ? [{ link: size, size: size + WORD }] : [{ link: 0, size }];
  });
}

function frameAt(modules: readonly GoModule[], address: bigint): GoFrame | undefined {
  for (const module of modules) {
    const own = Number(address - module.bias);
    const found = own >= 0 && Number.isSafeInteger(own) ? module.functions.at(own) : undefined;
    if (found !== undefined) return { module, function: found, address: own };
  }
  return undefined;
}

/** First parts of the import paths of the standard library. */
const STANDARD: ReadonlySet<string> = new Set(
  (
    'archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash ' +
    'html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv ' +
    'strings structs sync syscall testing text time type unicode unique unsafe vendor weak'
  ).split(' '),
);

/** Whether a function belongs to the standard library, by its name. */
export function isStandard(name: string): boolean {
  if (name.startsWith('plugin/unnamed-') || /^[^/]*\.[^/]*\//.test(name)) return false;
  return STANDARD.has(name.split(/[/.:]/, 1)[0] ?? '');
}

/** Whether a function is the runtime's own: it works for whichever goroutine it happens to meet. */
export function isRuntime(name: string): boolean {
  return /^(runtime|internal\/runtime|runtime\/internal|internal\/abi)[/.]/.test(name);
}
