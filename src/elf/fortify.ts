/**
 * Functions that glibc headers replace by a `__<name>_chk` variant when _FORTIFY_SOURCE is set (glibc debug/Versions).
 * Whether a call is replaced depends for most of them on what the compiler knows of the buffer.
 */
export const FORTIFIABLE: ReadonlySet<string> = new Set(
  `asprintf confstr dprintf explicit_bzero fdelt fgets fgets_unlocked fgetws fgetws_unlocked fprintf fread
  fread_unlocked fwprintf getcwd getdomainname getgroups gethostname getlogin_r gets getwd longjmp mbsnrtowcs
  mbsrtowcs mbstowcs memcpy memmove mempcpy memset obstack_printf obstack_vprintf poll ppoll pread pread64
  printf ptsname_r read readlink readlinkat realpath recv recvfrom snprintf sprintf stpcpy stpncpy strcat strcpy
  strlcat strlcpy strncat strncpy swprintf syslog ttyname_r vasprintf vdprintf vfprintf vfwprintf vprintf
  vsnprintf vsprintf vswprintf vsyslog vwprintf wcpcpy wcpncpy wcrtomb wcscat wcscpy wcslcat wcslcpy wcsncat
  wcsncpy wcsnrtombs wcsrtombs wcstombs wctomb wmemcpy wmemmove wmempcpy wmemset wprintf`.split(/\s+/),
);

/**
 * The ones that _FORTIFY_SOURCE=2 replaces in C whatever the arguments are, so that a plain call to one of them shows a unit
 * compiled without it. Not sprintf and snprintf: GCC turns the checked variant back where it can prove the size.
 */
export const ALWAYS_FORTIFIED: ReadonlySet<string> = new Set(
  'asprintf dprintf fprintf printf vasprintf vdprintf vfprintf vprintf'.split(' '),
);

/** Functions that write into a buffer, usually on the stack, without knowing its size. */
export const OVERFLOWS_EASILY: ReadonlySet<string> = new Set(
  'gets getwd sprintf stpcpy strcat strcpy vsprintf wcscat wcscpy'.split(' '),
);

/** The function that a `__*_chk` symbol checks; undefined for other names (`__stack_chk_fail`, `__fdelt_warn`). */
export function fortifiedFunction(name: string): string | undefined {
  const match = /^__(.+)_chk$/.exec(name);
  const plain = match?.[1];
  return plain !== undefined && (FORTIFIABLE.has(plain) || FORTIFIABLE.has(plain.replace(/^isoc\d+_/, '')))
    ? plain
    : undefined;
}
