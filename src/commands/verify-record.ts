import { UsageError } from '../errors.ts';
import { checkRecord } from '../record/check.ts';
import { renderRecordJson, renderRecordText } from '../report/record.ts';
import { verifyVerdict } from '../report/verify.ts';
import { styleFor } from '../text/style.ts';
import type { ExitCode, Terminal } from './command.ts';

export interface RecordOptions {
  /** Digest of a line that the record must have. */
  readonly head?: string;
  readonly format?: 'text' | 'json';
}

/**
 * `plugin-gate verify --record FILE`: whether an audit record is whole.
 * @returns 0 whole, 1 not, 3 when its end is cut
 * @throws UsageError for a file that cannot be read
 */
export async function verifyRecord(file: string, options: RecordOptions, terminal: Terminal): Promise<ExitCode> {
  const { head, format } = options;
  if (head !== undefined && !/^sha256:[0-9a-f]{64}$/.test(head)) {
    throw new UsageError(`--head "${head}" is not a digest: write sha256: and 64 lower-case hex digits.`);
  }
  const check = checkRecord(file, head);
  const verdict = verifyVerdict(check.findings);
  const result = { schema: 'plugin-gate/verify-record/v1', file, verdict, ...check } as const;
  terminal.out(
    format === 'json'
      ? renderRecordJson(result)
      : await renderRecordText(result, styleFor(terminal.colour), terminal.width),
  );
  switch (verdict) {
    case 'verified':
      return 0;
    case 'refused':
      return 1;
    case 'undecided':
      return 3;
  }
}
