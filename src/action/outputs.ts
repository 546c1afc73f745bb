import type { GateReport, GateVerdict } from '../gate/report.ts';

/** The report files of a run, absolute paths. */
export interface ReportFiles {
  readonly directory: string;
  readonly html: string;
  readonly json: string;
  readonly sarif: string;
  readonly markdown: string;
}

/** The outputs of the Action; action.yml describes each. */
export interface ActionOutputs {
  /** `error`: the gate could not run, because of its configuration or its environment. */
  readonly verdict: GateVerdict | 'error';
  readonly blocking: number;
  readonly errors: number;
  readonly warnings: number;
  readonly undecided: number;
  readonly 'report-directory': string;
  readonly 'report-html': string;
  readonly 'report-json': string;
  readonly 'report-sarif': string;
  readonly 'report-markdown': string;
}

/** Of a run that came to no verdict: a later step that compares with `pass` does not go on. */
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
};

/** @param files undefined when they could not be written */
export function outputsOf(report: GateReport, files: ReportFiles | undefined): ActionOutputs {
  return {
    verdict: report.verdict,
    blocking: report.counts.blocking,
    errors: report.counts.error,
    warnings: report.counts.warning,
    undecided: report.counts.undecided,
    'report-directory': files?.directory ?? '',
    'report-html': files?.html ?? '',
    'report-json': files?.json ?? '',
    'report-sarif': files?.sarif ?? '',
    'report-markdown': files?.markdown ?? '',
  };
}
