/**
 * Compiler flags that change code and nothing else. The plugin that names them may be anybody's, and others of `go tool compile`
 * write files or read them: -o, -cpuprofile, -asmhdr, -importcfg, -d=ssa/.../dump.
 */
const COMPILER =
  /^-(?:N|l(?:=[0-4])?|B|C|S|e|m(?:=[0-4])?|live|race|msan|asan|shared|dynlink|spectre=[a-z,]{1,40}|dwarf(?:=(?:true|false))?|dwarflocationlists(?:=(?:true|false))?|lang=go1\.\d{1,3}|c=\d{1,3}|d=[a-z]{1,40}(?:=\d{1,6})?(?:,[a-z]{1,40}(?:=\d{1,6})?)*)$/;
const ASSEMBLER = /^-(?:S|e|dynlink|shared|spectre=[a-z,]{1,40}|D=[A-Za-z_]\w{0,60}(?:=\w{1,60})?)$/;

/** Patterns of packages before the flags: `all=`, `std=`, `example.com/...=`. */
const PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_./~+-]*=/;

/**
 * The flags of `go build` among these that are not to be used for somebody else.
 * @param flags such as `-gcflags=all=-N -l`, `-race`, `-tags=a,b`
 */
export function unsafeFlags(flags: readonly string[]): readonly string[] {
  return flags.filter((flag) => {
    const value = flag.slice(flag.indexOf('=') + 1);
    if (flag.startsWith('-gcflags=')) return !eachIs(value, COMPILER);
    if (flag.startsWith('-asmflags=')) return !eachIs(value, ASSEMBLER);
    if (flag.startsWith('-tags=')) return !/^[A-Za-z0-9_.,]*$/.test(value);
    return !/^-(?:race|msan|asan|buildvcs=false|trimpath(?:=(?:true|false))?)$/.test(flag);
  });
}

function eachIs(value: string, allowed: RegExp): boolean {
  const words = value.replace(PATTERN, '').split(/\s+/);
  return words.every((word) => word === '' || allowed.test(word));
}
