import type { Comparison } from '../compare/files.ts';
import { worstFirst } from './diff-order.ts';
import { findingJson } from './finding-json.ts';

/** A comparison as JSON (`plugin-gate/diff/v1`, schema/diff.v1.json), two blanks deep, ending with a line feed. */
export function renderDiffJson({ verdict, findings, evidence }: Comparison): string {
  const sorted = worstFirst(findings).map(findingJson);
  return `${JSON.stringify({ schema: 'plugin-gate/diff/v1', verdict, findings: sorted, evidence }, undefined, 2)}\n`;
}
