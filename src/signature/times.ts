import type { SignedEntity } from '@sigstore/verify';
import type { TimeFacts } from './evidence.ts';

/**
 * The times that the material claims and the library then proves: log entries with a signed promise (an entry with a
 * proof alone proves no time), and timestamps. An unreadable date is left out; the library refuses it.
 */
export function timesOf(entity: SignedEntity): TimeFacts[] {
  const times: TimeFacts[] = [];
  const add = (source: TimeFacts['source'], date: Date): void => {
    if (!Number.isNaN(date.getTime())) times.push({ source, time: date.toISOString() });
  };
  for (const timestamp of entity.timestamps) {
    switch (timestamp.$case) {
      case 'transparency-log':
        if (timestamp.tlogEntry.inclusionPromise !== undefined) {
          add('log', new Date(Number(timestamp.tlogEntry.integratedTime) * 1000));
        }
        break;
      case 'timestamp-authority':
        add('timestamp-authority', timestamp.timestamp.signingTime);
    }
  }
  return times;
}
