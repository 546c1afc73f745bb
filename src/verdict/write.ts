import { realpathSync, rmSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { isInside } from '../artifact/read.ts';
import { replaceFile } from '../config/replace-file.ts';
import { EnvironmentError, isEnvironmentError, isUsageError } from '../errors.ts';
import type { Decision, Evidence } from './decision.ts';
import { digestOf } from './digest.ts';
import type { Signer } from './signer.ts';
import { PAYLOAD_TYPE, type Statement, testResult, verificationSummary } from './statement.ts';
import { SUMMARY_SUFFIX, TEST_RESULT_SUFFIX } from './suffix.ts';

/** The files of one decision, relative to the configuration. */
export interface SignedVerdict {
  readonly summary: Evidence;
  readonly testResult: Evidence;
  /** Who signed, for a person. */
  readonly signer: string;
}

export type SigningOutcome = { readonly signed: SignedVerdict } | { readonly problem: string };

/**
 * Signs what the gate came to about one artifact and writes both bundles beside it.
 * @param root absolute path of the directory that the artifact's path starts from; nothing is written outside of it
 * @returns undefined when there was no artifact to speak of
 */
export async function signDecision(
  decision: Decision,
  verifier: string,
  signer: Signer,
  root: string,
): Promise<SigningOutcome | undefined> {
  const { artifact } = decision;
  const summary = verificationSummary(decision, { id: verifier });
  const tests = testResult(decision);
  if (artifact === undefined || summary === undefined || tests === undefined) return undefined;
  try {
    // Both are signed before either is written: no artifact has half a verdict.
    const files = [
      { file: `${artifact.file}${SUMMARY_SUFFIX}`, text: await signed(summary, signer) },
      { file: `${artifact.file}${TEST_RESULT_SUFFIX}`, text: await signed(tests, signer) },
    ] as const;
    for (const { file, text } of files) replaceFile(placeOf(root, file), file, text, true);
    const [first, second] = files.map(({ file, text }) => ({ name: posix.normalize(file), digest: digestOf(text) }));
    if (first === undefined || second === undefined) return undefined;
    return { signed: { summary: first, testResult: second, signer: signer.name } };
  } catch (error) {
    if (isEnvironmentError(error) || isUsageError(error)) return { problem: error.message };
    // Whatever else went wrong must not take the report with it; its words could hold what was signed with.
    return { problem: `signing failed (${error instanceof Error ? error.name : 'unknown error'}).` };
  }
}

/**
 * Takes away what an earlier run wrote beside an artifact that this run could not sign for: an old verdict must not be
 * shipped as the new one.
 */
export function removeSigned({ artifact }: Decision, root: string): void {
  if (artifact === undefined) return;
  for (const suffix of [SUMMARY_SUFFIX, TEST_RESULT_SUFFIX]) {
    const file = `${artifact.file}${suffix}`;
    try {
      rmSync(placeOf(root, file), { force: true });
    } catch {
      // What cannot be written to was not written by the gate.
    }
  }
}

async function signed(statement: Statement, signer: Signer): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(statement));
  return `${JSON.stringify(await signer.sign({ type: PAYLOAD_TYPE, bytes }))}\n`;
}

/** The place of a file with all links on the way resolved. @throws EnvironmentError when it is outside */
function placeOf(root: string, file: string): string {
  let directory: string;
  let inside: boolean;
  try {
    directory = realpathSync(dirname(join(root, file)));
    inside = isInside(realpathSync(root), directory);
  } catch {
    throw new EnvironmentError(`${file} cannot be written: its directory is gone.`);
  }
  if (!inside) throw new EnvironmentError(`${file} cannot be written: its directory leads out of the repository.`);
  return join(directory, posix.basename(file));
}
