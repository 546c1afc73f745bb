import { fortifiedFunction } from './fortify.ts';
import type { Dynamic, ElfSymbol, Floors, VersionNeed } from './model.ts';

/** Names that musl's loader takes for itself whatever follows the dot: `libc.so.6` is musl (ldso/dynlink.c). */
const MUSL_ITSELF = /^lib(?:c|pthread|rt|m|dl|util|xnet)\./;
/** Alpine gives musl a SONAME of its own; elsewhere a plugin that was linked against it needs plain `libc.so`. */
const MUSL_OWN = /^(?:libc\.so|libc\.musl-.*\.so\.1|ld-musl-.*\.so\.1)$/;
const GLIBC_LOADER = /^ld(?:-linux.*|64|\d+)?\.so\.\d$/;

/** Functions of glibc that musl does not have and, by its own word, does not want. */
const GLIBC_ONLY =
  /^(?:__isoc23_.+|gnu_get_libc_.+|backtrace(?:_symbols(?:_fd)?)?|mallinfo2?|mallopt|malloc_(?:info|trim|stats|get_state|set_state)|mcheck|mtrace|muntrace|__(?:malloc|realloc|free|memalign)_hook|__libc_(?:malloc|free|calloc|realloc|memalign|single_threaded)|dlmopen|dlvsym|error(?:_at_line)?|[gs]etcontext|(?:make|swap)context|obstack_.+|_obstack_.+|argp_.+|__argp_.+|rawmemchr|__rawmemchr|__register_atfork|register_printf_.+|parse_printf_format|(?:s?random|initstate|setstate|[dejlmn]rand48|srand48|seed48|lcong48)_r|getaddrinfo_a|gai_(?:cancel|error|suspend)|on_exit|canonicalize_file_name|rpmatch|strfrom[dfl]|pthread_attr_[gs]etaffinity_np|pthread_rwlockattr_[gs]etkind_np)$/;

const MOST_NAMES = 5;

/** Whether the file is built for musl: it needs musl's own library name. */
export function isForMusl(dynamic: Dynamic): boolean {
  return dynamic.needed.some((library) => MUSL_OWN.test(library));
}

/**
 * Whether a musl system can load the file. musl ignores symbol versions and resolves every symbol at once, so what counts is
 * whether it has each function; that is certain only for names that it is known not to have.
 */
export function muslVerdict(
  dynamic: Dynamic,
  needs: readonly VersionNeed[],
  undefinedSymbols: readonly ElfSymbol[],
): Floors['musl'] {
  if (isForMusl(dynamic)) return { loads: true, reasons: [] };
  const certain: string[] = [];
  const doubts: string[] = [];
  const required = undefinedSymbols.filter((symbol) => symbol.binding !== 'weak');

  const loader = dynamic.needed.find((library) => GLIBC_LOADER.test(library));
  if (loader !== undefined) certain.push(`It needs ${loader}, the loader of glibc.`);
  const absent = required.filter(({ name }) => isMissingInMusl(name));
  if (absent.length > 0) certain.push(`musl does not have ${list(absent.map((symbol) => symbol.name))}.`);
  if (needs.some(({ versions }) => versions.some(({ name }) => name === 'GLIBC_PRIVATE'))) {
    certain.push('It uses private symbols of glibc.');
  }
  if (certain.length > 0) return { loads: false, reasons: certain };

  const bound = required.filter((symbol) => symbol.version?.startsWith('GLIBC_'));
  if (bound.length > 0) {
    doubts.push(
      `It was linked against glibc; whether musl has all ${bound.length} functions shows only when it is loaded there.`,
    );
  }
  const libraries = dynamic.needed.filter((library) => !MUSL_ITSELF.test(library));
  if (libraries.length > 0) doubts.push(`It needs ${list(libraries)} built for musl.`);
  return doubts.length > 0 ? { loads: 'undecided', reasons: doubts } : { loads: true, reasons: [] };
}

/** Whether musl's loader takes a needed library for itself, so that it is always there. */
export function isMuslItself(library: string): boolean {
  return MUSL_ITSELF.test(library) || MUSL_OWN.test(library);
}

/** Whether a name is known to be missing in musl. */
export function isMissingInMusl(name: string): boolean {
  return GLIBC_ONLY.test(name) || fortifiedFunction(name) !== undefined;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}
