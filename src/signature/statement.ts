import { createHash } from 'node:crypto';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { Artifact } from './artifact.ts';
import type { StatementFacts } from './evidence.ts';
import { member, parseStrictJson } from './json.ts';
import { LIMITS } from './limits.ts';
import type { SignaturePolicy } from './policy.ts';
import { provenanceFindings, readProvenance } from './provenance.ts';

/** in-toto attestation framework, spec/v1/envelope.md */
const IN_TOTO_PAYLOAD = 'application/vnd.in-toto+json';
const STATEMENT_TYPES: readonly unknown[] = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];
/** Other digests that a subject may carry; when the bytes are at hand they must not contradict the SHA-256. */
const OTHER_DIGESTS = ['sha384', 'sha512'] as const;

/** Names and digests in messages are cut, so that a hostile statement cannot flood a report. */
function short(value: unknown): string {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : value === undefined ? 'nothing' : `a ${typeof value}`;
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function contradicts(subject: unknown, artifact: Artifact): boolean {
  const { bytes } = artifact;
  if (bytes === undefined) return false;
  return OTHER_DIGESTS.some((algorithm) => {
    const stated = member(subject, 'digest', algorithm);
    return stated !== undefined && stated !== createHash(algorithm).update(bytes).digest('hex');
  });
}

function subjectFinding(subjects: unknown, artifact: Artifact): { finding?: Finding; name?: string; count: number } {
  if (!Array.isArray(subjects) || subjects.length === 0) {
    return {
      count: 0,
      finding: finding(
        'sig/wrong-subject',
        `Expected the attestation to be about sha256 ${artifact.sha256}, found no subject in it.`,
      ),
    };
  }
  const items: readonly unknown[] = subjects;
  const count = items.length;
  const match = items.find((subject) => member(subject, 'digest', 'sha256') === artifact.sha256);
  if (match === undefined) {
    const found = items
      .slice(0, 3)
      .map((subject) => `${short(member(subject, 'name'))} with sha256 ${short(member(subject, 'digest', 'sha256'))}`)
      .join('; ');
    return {
      count,
      finding: finding(
        'sig/wrong-subject',
        `Expected the attestation to be about sha256 ${artifact.sha256}, found ${count} other ${count === 1 ? 'subject' : 'subjects'}: ${found}${count > 3 ? '; …' : ''}.`,
      ),
    };
  }
  const name = member(match, 'name');
  const named = typeof name === 'string' ? { name } : {};
  if (contradicts(match, artifact)) {
    return {
      count,
      ...named,
      finding: finding(
        'sig/wrong-subject',
        `The subject ${short(name)} has the right sha256, but another digest of it does not fit the file.`,
      ),
    };
  }
  return { count, ...named };
}

/** The signed part of a DSSE envelope. */
export interface Payload {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/**
 * Checks what an attestation says: its type, its predicate type, and that it is about this very file.
 * @param payload the bytes that the signature covers
 */
export function checkStatement(
  payload: Payload,
  artifact: Artifact,
  policy: Pick<SignaturePolicy, 'predicateTypes' | 'provenance' | 'signer'>,
): { readonly findings: readonly Finding[]; readonly facts?: StatementFacts } {
  if (payload.type !== IN_TOTO_PAYLOAD) {
    return {
      findings: [
        finding(
          'sig/wrong-payload-type',
          `Expected the payload type "${IN_TOTO_PAYLOAD}", found ${short(payload.type)}.`,
        ),
      ],
    };
  }
  const parsed = parseStrictJson(payload.bytes, {
    bytes: LIMITS.documentBytes,
    depth: LIMITS.depth,
    values: LIMITS.payloadValues,
  });
  if (!parsed.ok) {
    const rule = parsed.reason === 'too-large' ? 'sig/too-large' : 'sig/malformed';
    return { findings: [finding(rule, `The attestation cannot be read: ${parsed.problem}.`)] };
  }
  const type = member(parsed.value, '_type');
  if (!STATEMENT_TYPES.includes(type)) {
    return {
      findings: [
        finding('sig/wrong-payload-type', `Expected an in-toto statement (v1 or v0.1), found the type ${short(type)}.`),
      ],
    };
  }
  const findings: Finding[] = [];
  const { predicateTypes: allowed } = policy;
  const predicateType = member(parsed.value, 'predicateType');
  const provenance =
    typeof predicateType === 'string' ? readProvenance(predicateType, member(parsed.value, 'predicate')) : undefined;
  if (allowed === undefined) {
    findings.push(
      finding(
        'sig/policy-incomplete',
        `Expected a signature of the file itself, found an attestation with the predicate type ${short(predicateType)}, and the policy names no predicate type.`,
        { fix: 'If this attestation is what you want to rely on, name its predicate type (--predicate-type).' },
      ),
    );
  } else if (typeof predicateType !== 'string' || !allowed.includes(predicateType)) {
    findings.push(
      finding(
        'sig/wrong-predicate',
        `Expected the predicate type ${allowed.map(short).join(' or ')}, found ${short(predicateType)}.`,
      ),
    );
  }
  if (policy.provenance !== undefined && findings.length === 0) {
    const runnerKnown = policy.signer.kind === 'certificate' && policy.signer.claims?.runnerEnvironment !== undefined;
    findings.push(...provenanceFindings(provenance ?? {}, policy.provenance, runnerKnown));
  }
  const subject = subjectFinding(member(parsed.value, 'subject'), artifact);
  if (subject.finding !== undefined) findings.push(subject.finding);
  return {
    findings,
    facts: {
      predicateType: typeof predicateType === 'string' ? predicateType.slice(0, LIMITS.name) : '',
      subjects: subject.count,
      ...(provenance === undefined ? {} : { provenance }),
      ...(subject.name === undefined ? {} : { subject: subject.name.slice(0, LIMITS.name) }),
    },
  };
}
