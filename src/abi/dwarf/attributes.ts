import * as AT from '../../dwarf/at.ts';
import type { Die } from '../../dwarf/file.ts';
import { type DeclaredAt, declaredAt } from '../../dwarf/line.ts';
import type { AttributeValue } from '../../dwarf/value.ts';

/** How far specification and abstract_origin are followed: LTO makes chains of three. */
const MAX_CHAIN = 8;

/** The entry itself and those that it completes or stands for (DW_AT_specification, DW_AT_abstract_origin), nearest first. */
export function chainOf(die: Die): readonly Die[] {
  die.chain ??= die.layout.link < 0 ? [die] : readChain(die);
  return die.chain;
}

function readChain(die: Die): readonly Die[] {
  let link = linkOf(die);
  const chain: Die[] = [die];
  let last = die;
  while (link !== undefined && chain.length < MAX_CHAIN) {
    const next = last.file.resolve(link, last.unit);
    if (next === undefined || chain.some((one) => one.offset === next.offset && one.file === next.file)) break;
    chain.push(next);
    last = next;
    link = linkOf(next);
  }
  return chain;
}

function linkOf(die: Die): AttributeValue | undefined {
  return die.get(AT.specification) ?? die.get(AT.abstract_origin);
}

/** An attribute of an entry or of those in its chain, with the entry that has it: forms belong to that one's unit. */
export function attributeOf(
  chain: readonly Die[],
  attribute: number,
): { readonly value: AttributeValue; readonly die: Die } | undefined {
  for (let at = 0; at < chain.length; at += 1) {
    const die = chain[at];
    const value = die?.get(attribute);
    if (die !== undefined && value !== undefined) return { value, die };
  }
  return undefined;
}

/** The first of a chain that has an attribute. Loops by number: these are the ones that run most, and before any compiler has seen them. */
export function holderOf(chain: readonly Die[], attribute: number): Die | undefined {
  for (let at = 0; at < chain.length; at += 1) {
    const die = chain[at];
    if (die?.has(attribute) === true) return die;
  }
  return undefined;
}

export function nameOf(chain: readonly Die[]): string | undefined {
  return textOf(chain, AT.name);
}

export function linkageNameOf(chain: readonly Die[]): string | undefined {
  return textOf(chain, AT.linkage_name) ?? textOf(chain, AT.MIPS_linkage_name);
}

function textOf(chain: readonly Die[], attribute: number): string | undefined {
  return holderOf(chain, attribute)?.text(attribute);
}

/** The entry that DW_AT_type leads to. `none` where there is no such attribute: void. */
export function typeOf(chain: readonly Die[]): Die | 'none' | 'unreadable' {
  const found = attributeOf(chain, AT.type);
  if (found === undefined) return 'none';
  return found.die.file.resolve(found.value, found.die.unit) ?? 'unreadable';
}

/**
 * The entry that describes a type where this one only points to the type's unit: gcc puts a nameless stub with
 * DW_AT_signature where another unit uses the type (DWARF 5 section 5.7.1), clang a declaration. Else the entry itself.
 */
export function describedType(die: Die): Die {
  if (!die.has(AT.signature)) return die;
  const described = die.file.resolve(die.get(AT.signature), die.unit);
  // Entries that point at each other in a broken file describe nothing.
  return described === undefined || described.has(AT.signature) ? die : described;
}

export function flagOf(chain: readonly Die[], attribute: number): boolean {
  return holderOf(chain, attribute)?.flag(attribute) ?? false;
}

/** Whether an entry or the first of its chain that has a linkage name has this one. */
export function hasLinkageName(chain: readonly Die[], name: string): boolean {
  const holder = holderOf(chain, AT.linkage_name);
  return holder === undefined ? linkageNameOf(chain) === name : holder.textIs(AT.linkage_name, name);
}

/** A constant that is never negative, as a number. */
export function numberOf(chain: readonly Die[], attribute: number): number | undefined {
  return holderOf(chain, attribute)?.number(attribute);
}

/** A constant as exact text; `signed` tells how to read data forms, whose signedness the attribute decides. */
export function exactOf(value: AttributeValue | undefined, signed: boolean): string | undefined {
  if (value?.kind === 'block') return blockNumber(value.value, signed);
  if (value?.kind !== 'constant') return undefined;
  if (!signed || value.signed || value.bytes === undefined) return (value.big ?? BigInt(value.value)).toString();
  return BigInt.asIntN(value.bytes * 8, value.big ?? BigInt(value.value)).toString();
}

/** Constants wider than 64 bits (DW_FORM_data16 and blocks), little-endian: all producers of such files are. */
function blockNumber(bytes: Uint8Array, signed: boolean): string | undefined {
  if (bytes.length === 0 || bytes.length > 32) return undefined;
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at -= 1) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return (signed ? BigInt.asIntN(bytes.length * 8, value) : value).toString();
}

/** The first place in the chain that tells a line: for methods that is the definition, else the declaration. */
export function placeOf(chain: readonly Die[]): DeclaredAt | undefined {
  for (let at = chain.length - 1; at >= 0; at -= 1) {
    const die = chain[at];
    const place = die === undefined ? undefined : declaredAt(die);
    if (place !== undefined) return place;
  }
  return undefined;
}
