import { EM } from './machine.ts';
import type { ElfSymbol } from './model.ts';
import { someNames } from './name.ts';
import type { Problems } from './problems.ts';
import type { AddressMap } from './segments.ts';

const SHN_ABS = 0xfff1;

/** Machines whose function symbols point to a descriptor in the data. */
const WITH_DESCRIPTORS: readonly number[] = [EM.PPC64, EM.IA64, EM.PARISC];

/**
 * Checks that exported functions lie in code. A caller that looks one up jumps to where the symbol says: a symbol that
 * points to data or to nothing resolves, and crashes the host at the first call.
 */
export function checkPlaces(
  symbols: readonly ElfSymbol[],
  map: AddressMap,
  machineCode: number,
  problems: Problems,
): void {
  if (WITH_DESCRIPTORS.includes(machineCode)) return;
  const lost = symbols.filter(({ type, value, section }) => {
    if (type !== 'func' && type !== 'ifunc') return false;
    return section === SHN_ABS || map.segmentAt(value)?.flags.execute !== true;
  });
  if (lost.length === 0) return;
  const are = lost.length === 1 ? 'function but does' : 'functions but do';
  problems.malformed(`${someNames(lost)}: exported as ${are} not lie in code of the file.`);
}
