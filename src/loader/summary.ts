import type { GoProbeEvidence } from '../golang/probe/model.ts';
import type { LoadEvidence } from './model.ts';

/** One line that says what came of it. */
export function summaryOf(evidence: LoadEvidence, goPlugin: boolean): string {
  const opened = evidence.phases.find(({ phase }) => phase === 'open')?.durationMs;
  switch (evidence.result) {
    case 'loaded': {
      const parts = [`loaded in ${(opened ?? 0).toFixed(1)} ms`];
      if (goPlugin) parts.push('linked only, no Go host');
      if (evidence.symbols.length > 0) {
        parts.push(
          `${evidence.symbols.filter(({ found }) => found).length} of ${evidence.symbols.length} symbols found`,
        );
      }
      if (evidence.probes.length > 0)
        parts.push(`${evidence.probes.length} probe${evidence.probes.length === 1 ? '' : 's'} called`);
      if (evidence.unload !== undefined) parts.push(evidence.unload.mapped ? 'stays in memory' : 'unloaded');
      return parts.join(', ');
    }
    case 'refused':
      return 'dlopen refuses it';
    case 'crashed':
      return `crashed with ${evidence.ending?.signal ?? 'a signal'} (${evidence.ending?.phase ?? 'open'})`;
    case 'exited':
      return `ended the process (${evidence.ending?.phase ?? 'open'})`;
    case 'timeout':
      return `did not come back (${evidence.ending?.phase ?? 'open'})`;
    case 'stopped':
      return 'stopped its own process';
    case 'interfered':
      return 'interfered with its loader';
    case 'denied':
      return `ended at a denied system call (${evidence.ending?.phase ?? 'open'})`;
    case 'supervisor-lost':
      return 'the supervising process was killed';
    case 'not-run':
      return 'not loaded: the file did not pass the checks';
  }
}

/** One line for a Go plugin that was opened in a Go host after it was linked. */
export function goSummaryOf(evidence: LoadEvidence, go: GoProbeEvidence): string {
  switch (go.result) {
    case 'opened': {
      const time = go.openMs === undefined ? '' : ` in ${go.openMs.toFixed(1)} ms`;
      const probe = go.probe?.signature === undefined ? '' : `, probe ${go.probe.symbol} called`;
      return `opened in a Go host${time} (${go.toolchain ?? 'Go'}), ${go.symbols.length} symbols${probe}`;
    }
    case 'refused':
      return 'plugin.Open refuses it';
    case 'crashed':
      return `crashed in a Go host (${go.phase ?? 'open'})`;
    case 'exited':
      return `ended its Go host (${go.phase ?? 'open'})`;
    case 'timeout':
      return `did not come back in a Go host (${go.phase ?? 'open'})`;
    case 'stopped':
      return 'stopped its Go host';
    case 'interfered':
      return 'interfered with its Go host';
    case 'denied':
      return `ended at a denied system call in a Go host (${go.phase ?? 'open'})`;
    case 'supervisor-lost':
      return 'the supervising process was killed';
    case 'no-host':
      return summaryOf(evidence, true);
  }
}
