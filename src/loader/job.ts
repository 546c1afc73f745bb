import { UsageError } from '../errors.ts';
import { DEFAULT_TIMEOUTS, type LoadRequest, type LoadTimeouts, type ProbeSignature } from './model.ts';

/** Longest name that is passed on; mangled names of real plugins stay below 10,000 characters. */
const LONGEST_NAME = 64 * 1024;
const MOST_SYMBOLS = 100_000;
const MOST_PROBES = 100;
const LONGEST_TIMEOUT = 86_400_000;

const SIGNATURES: Readonly<Record<ProbeSignature, string>> = {
  'int(void)': 'int',
  'void(void)': 'void',
  'const char *(void)': 'string',
};

/** Every phase's timeout, from the request where it gives one. */
export function timeoutsOf(request: LoadRequest): LoadTimeouts {
  return { ...DEFAULT_TIMEOUTS, ...request.timeouts };
}

/** Milliseconds after which the loader itself must be done, with what it needs besides the plugin's phases. */
export function overallTimeout(request: LoadRequest): number {
  const { open, symbol, probe, close, exit } = timeoutsOf(request);
  const symbols = (request.symbols ?? []).length * symbol;
  const probes = (request.probes ?? []).length * probe;
  // Node fires a timer at once when its delay does not fit into 31 bits.
  return Math.min(open + symbols + probes + close + exit + 60_000, 2 ** 31 - 1);
}

/**
 * The job as the native loader reads it (native/loader/job.h).
 * @param path absolute path of the file to load
 * @param sandbox lines that say what its process may do
 * @throws UsageError for a symbol or a number that no job can carry
 */
export function jobText(request: LoadRequest, path: string, sandbox: readonly string[] = []): string {
  const symbols = request.symbols ?? [];
  const probes = request.probes ?? [];
  if (symbols.length > MOST_SYMBOLS)
    throw new UsageError(`${symbols.length} required symbols; ${MOST_SYMBOLS} can be checked.`);
  if (probes.length > MOST_PROBES) throw new UsageError(`${probes.length} probes; ${MOST_PROBES} can be called.`);
  const lines = ['plugin-gate-job 1', `file ${path}`];
  for (const symbol of symbols) lines.push(`symbol ${checkedName(symbol)}`);
  for (const { symbol, signature } of probes) lines.push(`probe ${SIGNATURES[signature]} ${checkedName(symbol)}`);
  for (const [phase, value] of Object.entries(timeoutsOf(request))) {
    if (!Number.isInteger(value) || value < 1 || value > LONGEST_TIMEOUT) {
      throw new UsageError(`The timeout ${value} is not a whole number of milliseconds from 1 to ${LONGEST_TIMEOUT}.`);
    }
    lines.push(`timeout ${phase} ${value}`);
  }
  if (request.addressSpace !== undefined) lines.push(`limit address-space ${request.addressSpace}`);
  if (request.namespaces === false) lines.push('namespaces off');
  if (request.unload === false) lines.push('unload off');
  lines.push(...sandbox, 'end', '');
  return lines.join('\n');
}

function checkedName(name: string): string {
  if (name === '') throw new UsageError('A symbol name is empty.');
  if (name.length > LONGEST_NAME)
    throw new UsageError(`A symbol name has ${name.length} characters; ${LONGEST_NAME} are possible.`);
  if (/[\n\0]/.test(name))
    throw new UsageError(`The symbol name ${JSON.stringify(name)} has a line break or a NUL character.`);
  return name;
}
