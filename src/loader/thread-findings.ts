import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { LoadEvidence } from './model.ts';

/**
 * What a probe started, the host may end by a function that is not called here; what was started by loading alone, nobody asked
 * for, and nobody knows that it must be ended.
 */
export function threadSeverity({ states }: LoadEvidence): { readonly severity?: 'warning' } {
  const opened = states.find(({ phase }) => phase === 'open')?.threads ?? 1;
  return opened > 1 ? {} : { severity: 'warning' };
}

/** Threads that wait in code that is gone; what crashed on that account is told as a crash. */
export function outlivingFindings(evidence: LoadEvidence): readonly Finding[] {
  const { outliving, ending } = evidence;
  // That it crashed on that account says the same.
  if (outliving === undefined || outliving.threads === 0 || ending?.how === 'signal') return [];
  const { threads, function: name, location } = outliving;
  const what = threads === 1 ? 'A thread of it has' : `${threads} threads of it have`;
  const line = location === undefined ? '' : ` (${location.file}:${location.line})`;
  const where = name === undefined ? 'code' : `${name}${line}`;
  return [
    finding('load/thread-outlives', `${what} still to return into ${where}, which dlclose has taken away.`, {
      subject: 'threads',
      symbol: name,
      location,
      ...threadSeverity(evidence),
    }),
  ];
}
