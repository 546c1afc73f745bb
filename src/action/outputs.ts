import { resolve } from 'node:path';
import type { GateReport, GateVerdict } from '../gate/report.ts';
import type { WrittenReport } from '../report/write.ts';

/** The outputs of the Action; action.yml describes each. */
export interface ActionOutputs {
  /** `error`: the gate could not run, because of its configuration or its environment. `planned`: only a plan was made. */
  readonly verdict: GateVerdict | 'error' | 'planned';
  readonly blocking: number;
  readonly errors: number;
  readonly warnings: number;
  readonly undecided: number;
  readonly 'report-directory': string;
  readonly 'report-html': string;
  readonly 'report-json': string;
  readonly 'report-sarif': string;
  readonly 'report-markdown': string;
  readonly 'report-audit': string;
  /** Signed verdicts, and the audit record: absolute paths, one a line. */
  readonly 'verification-summaries': string;
  readonly 'test-results': string;
  readonly record: string;
  /** Of a plan: the matrix for the jobs of its shards, and its file. */
  readonly matrix: string;
  readonly plan: string;
}

export type SetOutput = (name: string, value: string) => void;

/** Of a run that came to no verdict: a later step that asks for `pass` does not go on. */
export const NO_VERDICT: ActionOutputs = {
  verdict: 'error',
  blocking: 0,
  errors: 0,
  warnings: 0,
  undecided: 0,
  'report-directory': '',
  'report-html': '',
  'report-json': '',
  'report-sarif': '',
  'report-markdown': '',
  'report-audit': '',
  'verification-summaries': '',
  'test-results': '',
  record: '',
  matrix: '',
  plan: '',
};

/** Where the gate wrote what it signed and recorded. */
export interface SignedPlace {
  /** Absolute path of the directory that artifacts' paths start from. */
  readonly root: string;
  /** Absolute path of the audit record. */
  readonly record?: string;
}

/**
 * @param directory absolute
 * @param written the report files; those that could not be written have an empty path
 * @param place absent for a report that another run made: its signed files are not here
 */
export function outputsOf(
  report: GateReport,
  directory: string,
  written: readonly WrittenReport[],
  place?: SignedPlace,
): ActionOutputs {
  const signed = (kind: 'summary' | 'testResult') =>
    place === undefined
      ? ''
      : report.plugins
          .flatMap(({ verdict }) => verdict?.[kind]?.file ?? [])
          .map((file) => resolve(place.root, file))
          .join('\n');
  const path = (format: WrittenReport['format']) => written.find((file) => file.format === format)?.path ?? '';
  return {
    verdict: report.verdict,
    blocking: report.counts.blocking,
    errors: report.counts.error,
    warnings: report.counts.warning,
    undecided: report.counts.undecided,
    'report-directory': written.length === 0 ? '' : directory,
    'report-html': path('html'),
    'report-json': path('json'),
    'report-sarif': path('sarif'),
    'report-markdown': path('markdown'),
    'report-audit': path('audit'),
    'verification-summaries': signed('summary'),
    'test-results': signed('testResult'),
    record: place?.record ?? '',
    matrix: '',
    plan: '',
  };
}

export function setOutputs(outputs: ActionOutputs, setOutput: SetOutput): void {
  for (const [name, value] of Object.entries(outputs)) setOutput(name, String(value));
}
