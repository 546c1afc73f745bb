import type { Phase } from './model.ts';

/** `while it was being loaded`. */
export function during(phase: Phase, probe: string | undefined): string {
  switch (phase) {
    case 'start':
      return 'before the plugin was loaded';
    case 'open':
      return 'while it was being loaded';
    case 'symbols':
      return 'while its symbols were looked up';
    case 'probe':
      return probe === undefined ? 'in a probe' : `in the probe ${probe}()`;
    case 'swap':
      return 'in the rehearsal of a swap';
    case 'close':
      return 'while it was being unloaded';
    case 'exit':
      return 'at the end of the process';
  }
}
