import type { ElfImage } from '../elf/model.ts';

const MOST_NAMES = 3;

/** Registers a destructor of a thread-local object; glibc keeps the library until the thread has ended. */
const THREAD_DESTRUCTOR = /^(__cxa_thread_atexit|__cxa_thread_atexit_impl|_tlv_atexit)$/;

/**
 * Why a file stays mapped after dlclose, as far as the file itself tells (glibc: elf/dl-close.c).
 * @param libc of the process: musl never unloads
 * @param threads that ran in the process when dlclose was called
 */
export function reasonsToStay(image: ElfImage, libc: string, threads: number): readonly string[] {
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
  if (threads > 1) reasons.push(`${threads - 1} of its threads were running`);
  return reasons;
}
