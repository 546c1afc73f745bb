import type { TypeGraph } from '../../abi/model.ts';
import { type DescribedType, describedGraph } from '../described-types.ts';
import type { GoProbeEvidence, ProbedType } from './model.ts';

/**
 * The type graph of what the probe host saw by reflection: the running plugin's own word, for comparisons with what was
 * read from the file, and where that was not understood.
 * @param main the plugin path
 */
export function reflectedGraph(
  { symbols, types }: Pick<GoProbeEvidence, 'symbols' | 'types'>,
  main: string,
): TypeGraph {
  const once = new Map<string, DescribedType>();
  const methods = new Map<string, readonly string[]>();
  for (const type of types) {
    if (type.name.startsWith('*')) methods.set(type.symbol, type.layout);
    else once.set(keyOf(type), describedOf(type));
  }
  const listed = symbols.map((symbol) => ({
    ...symbol,
    methods: symbol.kind === 'var' ? (methods.get(symbol.name) ?? []) : [],
  }));
  return describedGraph({ symbols: listed, types: [...once.values()], main });
}

function keyOf({ name, package: path, size, layout }: ProbedType): string {
  return JSON.stringify([name, path, size, layout]);
}

function describedOf({ name, package: path, size, layout }: ProbedType): DescribedType {
  return { name, ...(path === '' ? {} : { packagePath: path }), size, layout };
}
