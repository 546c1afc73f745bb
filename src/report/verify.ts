import type { OciChain } from '../oci/pull.ts';
import type { Finding } from '../rules/finding.ts';
import type { CertificateFacts, KeyFacts, OpenPgpFacts, SignatureEvidence } from '../signature/evidence.ts';
import type { SignaturePolicy } from '../signature/policy.ts';
import type { Style } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';

export type VerifyVerdict = 'verified' | 'refused' | 'undecided';

/** What `plugin-gate verify` came to; the JSON form is schema/verify.v1.json. */
export interface VerifyResult {
  readonly schema: 'plugin-gate/verify/v1';
  /** As given: a path, or a digest. */
  readonly file: string;
  readonly verdict: VerifyVerdict;
  readonly findings: readonly Finding[];
  /** Absent when nothing could be looked at, as when a registry does not answer. */
  readonly evidence?: SignatureEvidence;
  /** The way from a reference to a registry to what was judged. */
  readonly oci?: OciChain;
}

/** Verified only when nothing was found; undecided only when nothing was refused. */
export function verifyVerdict(findings: readonly Finding[]): VerifyVerdict {
  if (findings.length === 0) return 'verified';
  return findings.some(({ severity }) => severity !== 'undecided') ? 'refused' : 'undecided';
}

type Row = readonly [label: string, text: string];

function signerRows(signer: CertificateFacts | KeyFacts | OpenPgpFacts): Row[] {
  switch (signer.kind) {
    case 'key':
      return [['key', `${signer.algorithm} ${signer.fingerprint}`]];
    case 'openpgp':
      return [
        ['key', `OpenPGP ${signer.algorithm} ${signer.fingerprint}`],
        ...(signer.signingKey === undefined ? [] : [['subkey', signer.signingKey] as const]),
        ...(signer.userId === undefined ? [] : [['user id', signer.userId] as const]),
      ];
    case 'certificate': {
      const issuer = signer.issuer ?? signer.legacyIssuer;
      return [
        ...signer.names.map(({ type, value }): Row => ['identity', `${type} ${value}`]),
        ...(issuer === undefined ? [] : [['issuer', issuer] as const]),
        ...Object.entries(signer.claims).map(([name, value]): Row => ['claim', `${name} ${value}`]),
        ['valid', `${signer.notBefore} to ${signer.notAfter}`],
        ['cert', signer.fingerprint],
      ];
    }
  }
}

function rowsOf(evidence: SignatureEvidence): Row[] {
  const { artifact, signature, signer, times, logEntries, statement, trust, authority } = evidence;
  const rows: Row[] = [
    ['digest', artifact.size === undefined ? artifact.digest : `${artifact.digest} (${artifact.size} bytes)`],
  ];
  if (signature.name !== undefined) {
    const place = signature.line === undefined ? '' : `, number ${signature.line} of ${signature.lines}`;
    rows.push(['signature', `${signature.name} (${signature.mediaType ?? signature.form}${place})`]);
  }
  if (signer !== undefined) rows.push(...signerRows(signer));
  for (const { time, source } of times) rows.push(['time', `${time} (${source})`]);
  for (const { log, logId, index, kind } of logEntries) {
    rows.push(['log', `${log ?? `unknown log ${logId}`}, entry ${index} (${kind})`]);
  }
  if (statement !== undefined) {
    const subject = statement.subject ?? 'no subject that fits';
    rows.push(['statement', `${statement.predicateType} about ${subject} (${statement.subjects} in all)`]);
    for (const [name, text] of Object.entries(statement.provenance ?? {})) rows.push(['states', `${name} ${text}`]);
  }
  if (authority !== undefined) rows.push(['authority', `${authority.source}, ${authority.digest}`]);
  if (trust !== undefined) rows.push(['trust', `${trust.source}, ${trust.digest}`]);
  return rows;
}

function ociRows(chain: OciChain | undefined): Row[] {
  if (chain === undefined) return [];
  const { resolved, manifest, platform, file } = chain;
  return [
    ['image', resolved],
    ...(manifest === resolved ? [] : [['manifest', `${manifest} (${platform})`] as const]),
    ...(file === undefined
      ? []
      : ([
          ['layer', file.layer],
          ['file', `${file.path}, ${file.digest} (${file.size} bytes)`],
        ] as const)),
  ];
}

/** Findings in words and a line feed, or nothing. */
export async function findingsText(
  findings: readonly Finding[],
  style: Style,
  width: number | undefined,
): Promise<string> {
  if (findings.length === 0) return '';
  const { renderFindings } = await import('../parts/findings.ts');
  return `${renderFindings(findings, { style, width })}\n`;
}

function headline({ file, verdict }: VerifyResult, style: Style): string {
  const name = style.bold(escapeTerminal(file));
  switch (verdict) {
    case 'verified':
      return `${style.green('✓ verified')}  ${name}`;
    case 'refused':
      return `${style.red('✗ refused')}  ${name}`;
    case 'undecided':
      return `${style.magenta('? undecided')}  ${name}`;
  }
}

/**
 * The result for a person: verdict, findings, then what was looked at. Ends with a line feed.
 * @param explained the policy, when what it expected and how the parts hang together is to be told as well
 */
export async function renderVerifyText(
  result: VerifyResult,
  style: Style,
  width?: number,
  explained?: SignaturePolicy,
): Promise<string> {
  const evidence = result.evidence === undefined ? [] : rowsOf(result.evidence);
  const rows = [...ociRows(result.oci), ...evidence].map(
    ([label, text]) => `  ${style.dim(label.padEnd(10))}${escapeTerminal(text)}\n`,
  );
  const claimed = result.evidence?.verified === false && result.evidence.signer !== undefined;
  const note = !claimed ? '' : style.dim('  What was looked at; none of it is proven:\n');
  const findings = await findingsText(result.findings, style, width);
  return `${headline(result, style)}\n\n${findings}${note}${rows.join('')}${await explanation(result, style, explained)}`;
}

async function explanation(
  { evidence, findings }: VerifyResult,
  style: Style,
  policy: SignaturePolicy | undefined,
): Promise<string> {
  if (policy === undefined || evidence === undefined) return '';
  const { explainVerify } = await import('../parts/findings.ts');
  return explainVerify(policy, evidence, findings)
    .map(({ title, rows }) => {
      const wide = Math.max(...rows.map(([label]) => label.length)) + 2;
      const lines = rows.map(([label, text]) => `  ${style.dim(label.padEnd(wide))}${escapeTerminal(text)}\n`);
      return `\n${style.bold(title)}\n${lines.join('')}`;
    })
    .join('');
}

/** What JSON leaves as it is and a terminal acts on: C1 controls, and marks that reorder text. */
const ACTIVE = /[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The result as JSON, ending with a line feed. */
export function renderVerifyJson(result: object): string {
  const text = JSON.stringify(result, null, 2).replace(
    ACTIVE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${text}\n`;
}
