import { createHash } from 'node:crypto';
import type { GateReport } from '../gate/report.ts';

/** What the comment last said, kept in the comment itself. `resolved`: it passes now, and did not before. */
export type CommentState = 'pass' | 'resolved' | 'undecided' | 'fail';

export interface CommentMemory {
  readonly state: CommentState;
  /** 16 hex digits over the verdict and the findings, whatever their wording, commit or times. */
  readonly content: string;
}

/**
 * First line of a comment of ours. The key distinguishes several gates of one repository; it is encoded so that it
 * cannot end the HTML comment.
 */
export function commentMarker(key: string): string {
  return `<!-- plugin-gate:${encodeURIComponent(key)} -->`;
}

/** Second line of a comment of ours. */
export function memoryLine(memory: CommentMemory): string {
  return `<!-- plugin-gate-state:${memory.state}:${memory.content} -->`;
}

/** Whether a comment body starts with the marker of this key; text further down (a quotation) does not count. */
export function hasMarker(body: string, key: string): boolean {
  return body.trimStart().split(/\r?\n/, 1)[0]?.trimEnd() === commentMarker(key);
}

export function readMemory(body: string): CommentMemory | undefined {
  const line = body.trimStart().split(/\r?\n/, 2)[1] ?? '';
  const match = /^<!-- plugin-gate-state:(pass|resolved|undecided|fail):([0-9a-f]{16}) -->\s*$/.exec(line);
  if (!match?.[1] || !match[2]) return undefined;
  return { state: match[1] as CommentState, content: match[2] };
}

/** Equal for two reports exactly when a reader has to decide the same: same verdict, same findings, same weight. */
export function contentDigest(report: GateReport): string {
  const findings = report.findings.map((f) => `${f.fingerprint} ${f.severity} ${f.blocks} ${f.waiver !== undefined}`);
  const hash = createHash('sha256').update(report.verdict);
  for (const finding of findings.sort()) hash.update(`\n${finding}`);
  return hash.digest('hex').slice(0, 16);
}
