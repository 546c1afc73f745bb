import { createHash } from 'node:crypto';
import { canonical } from '../../text/canonical.ts';

/** `sha256:<hex>` of the canonical form. */
export function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256').update(canonical(value)).digest('hex')}`;
}
