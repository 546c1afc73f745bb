import { createHash } from 'node:crypto';
import { member, parseStrictJson } from '../signature/json.ts';
import type { Decision, Result } from '../verdict/decision.ts';
import type { SigningOutcome } from '../verdict/write.ts';

/**
 * The audit record: one JSON object a line, each ending with a line feed. `previous` of a line is the digest of the
 * bytes of the last whole line before it, without its line feed; the first line has none. What the machine left half
 * written is never removed: the next line holds its digest as `cut`, and goes on from the last whole one.
 */

export const RECORD_SCHEMA = 'plugin-gate/record/v1';

/** Bytes of one line; real ones have a few thousand. */
export const LONGEST_LINE = 1024 * 1024;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** How a line hangs on the ones before it. */
export interface Links {
  readonly previous?: string;
  readonly cut?: string;
}

/** How every line begins. */
const BEGINNING = `{"schema":"${RECORD_SCHEMA}","previous":`;

/** Whether a line that cannot be read is the beginning of a decision, and not of something else. */
export function isCutLine(bytes: Uint8Array): boolean {
  if (bytes.length > LONGEST_LINE) return false;
  const text = Buffer.from(bytes).toString('utf8');
  if (!BEGINNING.startsWith(text.slice(0, BEGINNING.length))) return false;
  try {
    // What is whole is no beginning.
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

export function lineDigest(line: Uint8Array): string {
  return `sha256:${createHash('sha256').update(line).digest('hex')}`;
}

/** One decision as a line, without the line feed. */
export function renderLine(decision: Decision, signing: SigningOutcome | undefined, links: Links): string {
  const { plugin, kind, target, version, resource, artifact, baseline, result, reason, time } = decision;
  const { policy, config, tool, source, steps, inputs, blocking, blockingCount } = decision;
  return JSON.stringify({
    schema: RECORD_SCHEMA,
    previous: links.previous ?? null,
    ...(links.cut === undefined ? {} : { cut: links.cut }),
    time,
    plugin,
    kind,
    target,
    version,
    resource,
    artifact: artifact ?? null,
    result,
    reason: reason.slice(0, 4096),
    policy,
    config,
    evidence: {
      steps: steps.map(({ step, status }) => ({ step, status })),
      inputs,
      ...(baseline === undefined ? {} : { baseline }),
    },
    blocking,
    blockingCount,
    verdict:
      signing === undefined
        ? null
        : 'signed' in signing
          ? signing.signed
          : { unsigned: signing.problem.slice(0, 1000) },
    source,
    tool: { name: 'plugin-gate', version: tool },
  });
}

/** What a line says of itself, or why it is none. */
export type LineReading =
  | { readonly links: Links; readonly about: LineFacts; readonly problem?: undefined }
  | { readonly problem: string };

export interface LineFacts {
  readonly plugin: string;
  readonly target: string;
  readonly result: Result;
  readonly time: string;
  readonly artifact?: string;
}

/** Reads one line from an untrusted record. Never throws. */
export function readLine(bytes: Uint8Array): LineReading {
  const parsed = parseStrictJson(bytes, { bytes: LONGEST_LINE, depth: 16, values: 20_000 });
  if (!parsed.ok) return { problem: parsed.problem };
  const { value } = parsed;
  if (member(value, 'schema') !== RECORD_SCHEMA) return { problem: `it is no line of ${RECORD_SCHEMA}` };
  const previous = member(value, 'previous');
  const cut = member(value, 'cut');
  if (previous !== null && !isDigest(previous)) return { problem: 'it does not name the line before it' };
  if (cut !== undefined && !isDigest(cut)) return { problem: 'the digest of a cut line in it is none' };
  const [plugin, target, result, time] = ['plugin', 'target', 'result', 'time'].map((name) => member(value, name));
  if (
    typeof plugin !== 'string' ||
    typeof target !== 'string' ||
    typeof time !== 'string' ||
    (result !== 'passed' && result !== 'failed' && result !== 'undecided')
  ) {
    return { problem: 'it lacks what a decision has' };
  }
  const artifact = member(value, 'artifact', 'digest');
  return {
    links: { ...(previous === null ? {} : { previous }), ...(cut === undefined ? {} : { cut }) },
    about: { plugin, target, result, time, ...(isDigest(artifact) ? { artifact } : {}) },
  };
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && DIGEST.test(value);
}
