import type { PluginResult } from '../gate/report.ts';

/** The signed verdict about one plugin for one target. */
export interface SignedVerdict {
  readonly plugin: string;
  readonly target: string;
  readonly result: 'passed' | 'failed' | 'undecided';
  /** File of the verification summary. */
  readonly file: string;
  /** What who deploys it pins. */
  readonly policy: string;
  readonly signer: string;
}

export function signedOf(plugins: readonly PluginResult[]): readonly SignedVerdict[] {
  return plugins.flatMap(({ plugin, target, verdict }) => {
    if (verdict?.summary === undefined) return [];
    const { result, policy, signer = '', summary } = verdict;
    return [{ plugin, target, result, policy, signer, file: summary.file }];
  });
}
