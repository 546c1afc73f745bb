import { basename } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import type { LinkerTrail } from './linker-trail.ts';

const MOST_NAMES = 3;

/** Registers a destructor of a thread-local object; glibc keeps the library until the thread has ended. */
const THREAD_DESTRUCTOR = /^(__cxa_thread_atexit|__cxa_thread_atexit_impl|_tlv_atexit)$/;

/**
 * Why a file stays mapped after dlclose, as far as the file itself tells (glibc: elf/dl-close.c).
 * @param libc of the process: musl never unloads
 * @param threads that ran in the process when dlclose was called
 * @param users what other files use of it: a library that stays keeps what it is bound to
 */
export function reasonsToStay(
  image: ElfImage,
  libc: string,
  threads: number,
  users: readonly SymbolUse[] = [],
): readonly string[] {
  const reasons: string[] = [];
  if (libc === 'musl') reasons.push('musl never unloads a library');
  if (image.dynamic.flags1.includes('NODELETE')) reasons.push('it is linked with -z nodelete (DF_1_NODELETE)');
  const unique = image.symbols.filter(({ binding }) => binding === 'unique').map(({ name }) => name);
  if (unique.length > 0) {
    const names = unique.slice(0, MOST_NAMES).join(', ');
    const more = unique.length > MOST_NAMES ? ` and ${unique.length - MOST_NAMES} more` : '';
    reasons.push(`it defines unique symbols (${names}${more}); compile with -fno-gnu-unique`);
  }
  if (image.undefined.some(({ name }) => THREAD_DESTRUCTOR.test(name))) {
    reasons.push('it registers destructors of thread-local objects');
  }
  const [first] = users;
  if (first !== undefined) {
    const more = users.length > 1 ? ` and ${users.length - 1} more` : '';
    reasons.push(
      `${first.library}, which stays, was bound to symbols of it (${first.symbol}${more}); export only the interface of the plugin`,
    );
  }
  if (threads > 1) reasons.push(`${threads - 1} of its threads were running`);
  return reasons;
}

/** A symbol of the plugin that another file was bound to. */
export interface SymbolUse {
  readonly library: string;
  /** Raw, untrusted name. */
  readonly symbol: string;
}

/** The files besides the plugin that the dynamic linker bound to symbols of the plugin, as far as it told. */
export function usersOf(linker: LinkerTrail | undefined, plugin: string): readonly SymbolUse[] {
  const records = linker?.records ?? [];
  const paths = new Map(records.flatMap(({ kind, from, text }) => (kind === 'object' ? [[from, text] as const] : [])));
  return records
    .filter(({ kind, from, to }) => kind === 'bind' && paths.get(to) === plugin && paths.get(from) !== plugin)
    .map(({ from, text }) => ({ library: basename(paths.get(from) ?? 'a library'), symbol: text }));
}
