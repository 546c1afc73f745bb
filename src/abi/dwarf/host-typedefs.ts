import { posix } from 'node:path';
import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import { withTags } from '../../dwarf/layout.ts';
import { declaredAt } from '../../dwarf/line.ts';
import * as TAG from '../../dwarf/tag.ts';

/** Typedefs at the top of units that are looked at; no index lists them. */
const MOST_ENTRIES = 2_000_000;
/** Namespaces and classes in each other, as far as a name of this many parts leads. */
const MOST_PARTS = 16;
/** Typedefs that are spelled after one symbol. */
const MOST_SPELLINGS = 8;

export interface WantedTypedefs {
  /** By qualified name, each with the name of the header that it is expected in; empty where any will do. */
  readonly named: ReadonlyMap<string, string>;
  /** Symbols by their squeezed name: typedefs that are spelled after one of them are its type. */
  readonly spelled: ReadonlyMap<string, string>;
}

export interface FoundTypedefs {
  readonly named: ReadonlyMap<string, readonly Die[]>;
  /** By symbol. */
  readonly spelled: ReadonlyMap<string, readonly Spelled[]>;
}

export interface Spelled {
  /** Name of the typedef. */
  readonly name: string;
  readonly die: Die;
}

const isTypedef = withTags(TAG.typedef);
const isTypedefOrScope = withTags(TAG.typedef, TAG.namespace, TAG.class_type, TAG.structure_type);

/** Typedefs of a host at the top of its units, and in the namespaces and classes that are asked for. */
export function findTypedefs(files: readonly DwarfFile[], wanted: WantedTypedefs): FoundTypedefs {
  const named = new Map<string, readonly Die[]>();
  const spelled = new Map<string, Spelled[]>();
  const sure = new Set<string>();
  const scopes = scopesOf(wanted.named.keys());
  const done = (): boolean => sure.size === wanted.named.size && wanted.spelled.size === 0;
  let left = MOST_ENTRIES;
  const note = (die: Die, name: string, scope: string): void => {
    const full = scope === '' ? name : `${scope}::${name}`;
    const header = wanted.named.get(full);
    if (header !== undefined && !sure.has(full)) {
      const same = header === '' || posix.basename(declaredAt(die)?.file ?? '') === header;
      if (same) sure.add(full);
      if (same || !named.has(full)) named.set(full, [die]);
    }
    const symbol = scope === '' ? symbolOf(name, wanted.spelled) : undefined;
    if (symbol === undefined) return;
    const known = spelled.get(symbol);
    if (known === undefined) spelled.set(symbol, [{ name, die }]);
    else if (known.length < MOST_SPELLINGS && known.every((one) => one.name !== name)) known.push({ name, die });
  };
  for (const file of files) {
    for (const unit of file.units) {
      // Every unit that includes the header repeats them: one of each is enough.
      const root = left <= 0 || done() ? undefined : file.root(unit);
      const open: { readonly die: Die; readonly scope: string; readonly depth: number }[] = [];
      if (root !== undefined) open.push({ die: root, scope: '', depth: 0 });
      for (let at = open.pop(); at !== undefined; at = open.pop()) {
        const { scope, depth } = at;
        for (const die of file.childrenWith(at.die, scopes.size === 0 ? isTypedef : isTypedefOrScope)) {
          left -= 1;
          const name = file.name(die);
          if (name === undefined) continue;
          if (die.tag === TAG.typedef) {
            if (die.has(AT.type)) note(die, name, scope);
            continue;
          }
          const inner = scope === '' ? name : `${scope}::${name}`;
          if (depth < MOST_PARTS && scopes.has(inner)) open.push({ die, scope: inner, depth: depth + 1 });
        }
      }
    }
  }
  return { named, spelled };
}

/** `a`, `a::b` for `a::b::c`. */
function scopesOf(names: Iterable<string>): ReadonlySet<string> {
  const scopes = new Set<string>();
  for (const name of names) {
    const parts = name.split('::').slice(0, MOST_PARTS + 1);
    for (let count = 1; count < parts.length; count += 1) scopes.add(parts.slice(0, count).join('::'));
  }
  return scopes;
}

/** What people put behind the name of a function to name its type: `plugin_init_fn_t`, `PluginInitFunc`, `PLUGIN_INIT_PROC`. */
const ENDING = /(?:pointer|function|funcptr|fnptr|func|proc|type|ptr|fnt|fn|cb|fp|f|t)$/;
const MOST_ENDINGS = 3;
const MOST_LETTERS = 200;

/** A name without what styles of writing differ in: `plugin_init` and `PluginInit` are one. */
export function squeezed(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function symbolOf(typedef: string, symbols: ReadonlyMap<string, string>): string | undefined {
  if (symbols.size === 0 || typedef.length > MOST_LETTERS) return undefined;
  let name = squeezed(typedef);
  for (let endings = 0; endings <= MOST_ENDINGS; endings += 1) {
    const symbol = symbols.get(name);
    if (symbol !== undefined) return symbol;
    const shorter = name.replace(ENDING, '');
    if (shorter === name) return undefined;
    name = shorter;
  }
  return undefined;
}
