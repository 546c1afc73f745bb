import { member, parseStrictJson } from './json.ts';
import { LIMITS } from './limits.ts';

/**
 * The payload of the one attestation in a bundle file that was verified before. The same bytes are read the same way:
 * JSON in which no key is there twice, and the payload in base64 (protobuf-specs, envelope.proto).
 * @returns undefined for a file with several bundles, or with none
 */
export function attestedPayload(bundle: Uint8Array): Uint8Array | undefined {
  const bounds = { bytes: LIMITS.documentBytes, depth: LIMITS.depth, values: LIMITS.bundleValues };
  const parsed = parseStrictJson(bundle, bounds);
  const payload = parsed.ok ? member(parsed.value, 'dsseEnvelope', 'payload') : undefined;
  return typeof payload === 'string' ? Buffer.from(payload, 'base64') : undefined;
}
