import type { Location } from '../../rules/finding.ts';
import type { Declared, TypeNode } from '../model.ts';
import { isRecord } from './relate.ts';

export interface FindingOptions {
  /** Tells whether a source file is a public header; without it, types declared in headers count as public. */
  readonly isPublicHeader?: (file: string) => boolean;
  /** Turns a declaration's file into a path for reports, relative to the repository where it lies inside. */
  readonly locate?: (file: string) => string;
}

/** Files that are compiled themselves and that no consumer includes. */
const SOURCE_FILE = /\.(?:c|cc|cpp|cxx|c\+\+|C|m|mm|s|S)$/;

/** Whether a type is declared where consumers do not see it. */
export function isPrivateType(node: TypeNode, { isPublicHeader }: FindingOptions): boolean {
  if (!isRecord(node) && node.kind !== 'enum') return false;
  if ('language' in node && (node.language === 'rust' || node.language === 'go')) return false;
  const file = node.declared?.file;
  if (file === undefined) return false;
  return isPublicHeader === undefined ? SOURCE_FILE.test(file) : !isPublicHeader(file);
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
