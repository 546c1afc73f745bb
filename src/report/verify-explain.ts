import { ruleOf } from '../rules/catalogue.ts';
import type { Finding } from '../rules/finding.ts';
import type { SignatureEvidence } from '../signature/evidence.ts';
import {
  CLAIM_NAMES,
  CLAIM_OIDS,
  describeMatch,
  type ProvenancePolicy,
  type SignaturePolicy,
} from '../signature/policy.ts';

/** A line of `verify --explain`: a label, and raw text that the caller escapes. */
export type ExplainRow = readonly [label: string, text: string];

export interface ExplainSection {
  readonly title: string;
  readonly rows: readonly ExplainRow[];
}

/** Who had to have signed, in the words of the policy. */
function expected({ signer, log, predicateTypes, provenance }: SignaturePolicy): ExplainRow[] {
  const rows: ExplainRow[] = [];
  switch (signer.kind) {
    case 'key':
      rows.push(['signer', 'the one key that was given']);
      break;
    case 'openpgp':
      rows.push(['signer', `an OpenPGP key of ${signer.name}, valid now`]);
      break;
    case 'certificate': {
      rows.push(['identity', `${signer.identityType} ${describeMatch(signer.identity)}`]);
      rows.push([
        'issuer',
        signer.issuer === 'absent' ? 'none: the authority itself vouches for the name' : describeMatch(signer.issuer),
      ]);
      for (const name of CLAIM_NAMES) {
        const match = signer.claims?.[name];
        if (match !== undefined) rows.push(['claim', `${name} (${CLAIM_OIDS[name]}) ${describeMatch(match)}`]);
      }
      if (signer.digestOid !== undefined) rows.push(['otherName', `${signer.digestOid} with the SHA-256 of the file`]);
      rows.push([
        'time',
        signer.time === 'now'
          ? 'proven by a log or a timestamp authority; without a proof, the time of this check'
          : 'proven by a log or a timestamp authority',
      ]);
    }
  }
  rows.push([
    'log',
    log === 'required' ? 'an entry in a transparency log' : 'no entry needed; one that is there must hold',
  ]);
  rows.push([
    'content',
    predicateTypes === undefined ? 'a signature of the file itself' : `an attestation, ${predicateTypes.join(' or ')}`,
  ]);
  return provenance === undefined ? rows : [...rows, ...provenanceRows(provenance)];
}

function provenanceRows({ builder, ...stated }: ProvenancePolicy): ExplainRow[] {
  return [
    ...(builder === undefined ? [] : [['provenance', `builder ${describeMatch(builder)}`] as const]),
    ...Object.entries(stated).map(([name, text]): ExplainRow => ['provenance', `${name} ${JSON.stringify(text)}`]),
  ];
}

/** The way from the file to the party that is believed, each step with what carries it. */
function chainOf({ artifact, signature, signer, times, logEntries, statement, trust, authority }: SignatureEvidence) {
  const rows: ExplainRow[] = [['file', artifact.digest]];
  const what =
    signature.content === 'attestation'
      ? `a statement, ${statement?.predicateType ?? 'unread'}, about ${statement?.subject ?? 'no subject that fits'}`
      : 'the bytes of the file';
  if (signature.name !== undefined) rows.push(['signature', `${signature.digest ?? signature.name} over ${what}`]);
  if (signer?.kind === 'key') rows.push(['key', `${signer.algorithm} ${signer.fingerprint}, as given`]);
  if (signer?.kind === 'openpgp') {
    rows.push(['key', `${signer.fingerprint}${signer.userId === undefined ? '' : ` (${signer.userId})`}, as given`]);
    if (signer.signingKey !== undefined) rows.push(['subkey', `${signer.signingKey}, of that key`]);
    if (signer.claimedTime !== undefined) rows.push(['time', `${signer.claimedTime}, as the signer says`]);
  }
  if (signer?.kind === 'certificate') {
    rows.push(['certificate', `${signer.fingerprint}, valid ${signer.notBefore} to ${signer.notAfter}`]);
    for (const { time, source } of times) {
      const inside = time >= signer.notBefore && time <= signer.notAfter;
      rows.push([
        'time',
        `${time} by ${source === 'log' ? 'a log' : 'a timestamp authority'}, ${inside ? 'inside' : 'outside'} its validity`,
      ]);
    }
    if (times.length === 0) rows.push(['time', 'nothing proves when it was signed']);
  }
  for (const entry of logEntries) {
    const when = entry.integratedTime === undefined ? 'the log states no time' : `taken at ${entry.integratedTime}`;
    rows.push([
      'log entry',
      `${entry.log ?? 'unknown log'} (id ${entry.logId}), index ${entry.index}, ${entry.kind}, ${when}`,
    ]);
  }
  for (const [name, text] of Object.entries(statement?.provenance ?? {})) rows.push(['provenance', `${name} ${text}`]);
  if (authority !== undefined) rows.push(['authority', `${authority.source}, ${authority.digest}`]);
  if (trust !== undefined) rows.push(['trusted', `${trust.source}, ${trust.digest}`]);
  return rows;
}

/** Why each thing that was found matters, once for each rule. */
function reasons(findings: readonly Finding[]): ExplainRow[] {
  return [...new Set(findings.map(({ rule }) => rule))].map((rule) => [rule, ruleOf(rule).why]);
}

/** What `verify --explain` adds: what was expected, what carries what, and why each finding matters. */
export function explainVerify(
  policy: SignaturePolicy,
  evidence: SignatureEvidence,
  findings: readonly Finding[],
): readonly ExplainSection[] {
  return [
    { title: 'What was expected', rows: expected(policy) },
    {
      title: evidence.verified ? 'From the file to who is believed' : 'From the file to who is believed (as claimed)',
      rows: chainOf(evidence),
    },
    ...(findings.length === 0 ? [] : [{ title: 'Why it matters', rows: reasons(findings) }]),
  ];
}
