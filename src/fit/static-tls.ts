import { staticTls } from '../compare/loading.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { LoadableFile } from './model.ts';

/**
 * Bytes of static thread-local storage that glibc keeps for libraries loaded later, unless
 * glibc.rtld.optional_static_tls says otherwise (elf/dl-tls.c, TLS_STATIC_SURPLUS). Up to the first always loads, above the
 * second never; between them it depends on the alignment and on what the host itself uses.
 */
export const STATIC_TLS_SAFE = 1664;
const STATIC_TLS_NEVER = 2048;

/** Bytes that a plugin and the libraries it brings take from the reserve. */
export function staticTlsOf(files: readonly LoadableFile[]): number {
  return files.reduce((sum, { image }) => sum + (staticTls(image) ?? 0), 0);
}

/** A plugin that does not fit into the reserve by itself. */
export function staticTlsFindings(bytes: number): Finding[] {
  if (bytes <= STATIC_TLS_SAFE) return [];
  const sure = bytes > STATIC_TLS_NEVER;
  const message = sure
    ? `The plugin needs ${bytes} bytes of static thread-local storage; a process keeps ${STATIC_TLS_SAFE} for all of its plugins.`
    : `The plugin needs ${bytes} bytes of static thread-local storage; only ${STATIC_TLS_SAFE} are certain to be there.`;
  return [finding('fit/static-tls', message, { subject: 'static TLS', ...(!sure && { severity: 'undecided' }) })];
}

/**
 * A plugin that fits alone, but not behind those loaded before it.
 * @param before bytes that the plugins before it took
 */
export function sharedTlsFindings(bytes: number, before: number): Finding[] {
  if (bytes === 0 || before === 0 || bytes > STATIC_TLS_SAFE || before + bytes <= STATIC_TLS_SAFE) return [];
  const sure = before + bytes >= STATIC_TLS_NEVER;
  const message = `With the plugins named before it, ${before + bytes} bytes of static thread-local storage are needed; ${sure ? 'a process keeps' : 'only'} ${STATIC_TLS_SAFE}${sure ? '' : ' are certain to be there'}.`;
  return [
    finding('fit/static-tls-shared', message, {
      subject: 'static TLS',
      ...(!sure && { severity: 'undecided' as const }),
    }),
  ];
}
