import type { GoReading } from '../read.ts';
import { isReleased, parseToolchain } from '../toolchain.ts';
import { experiments, trimmed } from './settings.ts';

/** Flags of `go build` that shape packages, in the order in which people write them. */
const FLAGS: readonly string[] = ['-race', '-msan', '-asan', '-tags', '-gcflags', '-asmflags', '-pgo'];
const SWITCHES = new Set(['-race', '-msan', '-asan']);

/** Longer ones are not pasted into a shell by anybody. */
const LONGEST_VALUE = 2000;

/**
 * The command that builds a plugin as a host was built, to be pasted into a shell.
 * @param host what the plugin must be like
 */
export function buildCommand(host: GoReading): string {
  const { release } = parseToolchain(host.toolchain ?? '');
  const settings = host.build?.settings;
  const words = [
    ...(isReleased(release) ? [`GOTOOLCHAIN=${release}`] : []),
    ...(experiments(host) === '' || experiments(host).length > LONGEST_VALUE
      ? []
      : [`GOEXPERIMENT=${shellWord(experiments(host))}`]),
    'CGO_ENABLED=1',
    'go build -buildmode=plugin',
    ...(trimmed(host) === true ? ['-trimpath'] : []),
    ...FLAGS.flatMap((flag) => {
      const value = settings?.get(flag) ?? '';
      if (value === '' || value.length > LONGEST_VALUE) return [];
      if (SWITCHES.has(flag)) return value === 'true' ? [flag] : [];
      // Flags without a pattern were for the host's own main package.
      if (flag === '-gcflags' && value.startsWith('-')) return [];
      return [`${flag}=${shellWord(value)}`];
    }),
  ];
  return words.join(' ');
}

/** Untrusted text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
