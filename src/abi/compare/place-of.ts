import type { Location } from '../../rules/finding.ts';
import type { Declared, TypeGraph, TypeNode } from '../model.ts';
import type { RecordNode } from '../record-node.ts';
import { isRecord } from '../record-node.ts';
import { isSystemHeader } from '../system-headers.ts';

export interface FindingOptions {
  /** Tells whether a source file is a public header; without it, types declared in headers count as public. */
  readonly isPublicHeader?: (file: string) => boolean;
  /** Tells the headers of the plugin's host: what they declare, the plugin takes from there, and is never private. */
  readonly isHostHeader?: (file: string) => boolean;
  /** Turns a declaration's file into a path for reports, relative to the repository where it lies inside. */
  readonly locate?: (file: string) => string;
}

/** Files that are compiled themselves and that no consumer includes. */
const SOURCE_FILE = /\.(?:c|cc|cpp|cxx|c\+\+|C|m|mm|s|S)$/;

export function isSourceFile(file: string): boolean {
  return SOURCE_FILE.test(file);
}

/**
 * Whether a type is declared where consumers do not see it: not in a public header, or, where those are not named, in a
 * source file. A file without headers of its own (sqlite's amalgamation, a plugin of one file) has everything in its
 * sources, so that there the place tells nothing and all types count as public.
 */
export function isPrivateType(
  node: TypeNode,
  { isPublicHeader, isHostHeader }: FindingOptions,
  ownHeaders: boolean,
): boolean {
  if (!isRecord(node) && node.kind !== 'enum') return false;
  if ('language' in node && (node.language === 'rust' || node.language === 'go')) return false;
  const file = node.declared?.file;
  if (file === undefined || isHostHeader?.(file) === true) return false;
  if (isSystemHeader(file) && isRecord(node) && isReservedInside(node)) return true;
  return isPublicHeader === undefined ? ownHeaders && SOURCE_FILE.test(file) : !isPublicHeader(file);
}

/**
 * FILE, pthread_mutex_t: the C library names all of their members with a leading underscore, which programs must not use
 * (C11 section 7.1.3), and keeps them compatible by the versions of its functions.
 */
function isReservedInside({ members }: RecordNode): boolean {
  return members.length > 0 && members.every(({ name }) => name?.startsWith('_') === true);
}

/** Whether anything that the exported symbols reach is declared in a header of the project or its host. */
export function hasOwnHeaders({ nodes, symbols }: TypeGraph): boolean {
  const isOwn = (file: string | undefined): boolean =>
    file !== undefined && !SOURCE_FILE.test(file) && !isSystemHeader(file);
  return nodes.some((node) => isOwn(declaredOf(node)?.file)) || symbols.some(({ declared }) => isOwn(declared?.file));
}

/** Whether privacy was not asked for and could not be inferred: the type may be one that no consumer sees. */
export function mayBePrivate(node: TypeNode, { isPublicHeader }: FindingOptions, ownHeaders: boolean): boolean {
  const file = declaredOf(node)?.file;
  return isPublicHeader === undefined && !ownHeaders && isRecord(node) && file !== undefined && SOURCE_FILE.test(file);
}

export function declaredOf(node: TypeNode | undefined): Declared | undefined {
  return node !== undefined && 'declared' in node ? node.declared : undefined;
}

/** `{ location }` where the place is known. */
export function locationOf(
  declared: Declared | undefined,
  { locate }: FindingOptions,
): { readonly location?: Location } {
  if (declared === undefined) return {};
  const { file, line, column } = declared;
  const path = locate === undefined ? file : locate(file);
  return { location: { file: path, line, ...(column === undefined ? {} : { column }) } };
}
