import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { LoadEvidence, LoadRequest, RecordedCall } from './model.ts';
import { during } from './phases.ts';

const MOST_FINDINGS = 20;

/** Calls that go wrong only because another was denied say nothing new: one finding for a call and what it is about. */
export function deniedFindings({ calls, deniedCount }: LoadEvidence, request: LoadRequest): readonly Finding[] {
  const first = new Map<string, RecordedCall>();
  for (const call of calls) {
    const subject = subjectOf(call);
    if (call.denied && !first.has(subject)) first.set(subject, call);
  }
  const findings = [...first].slice(0, MOST_FINDINGS).map(([subject, call]) => {
    const probe = call.phase === 'probe' ? request.probes?.[call.index ?? 0]?.symbol : undefined;
    return finding(
      'load/denied-syscall',
      `It asked for ${subject}${argumentsOf(call)} ${during(call.phase, probe)}, which the sandbox denies${callerOf(call)}.`,
      { subject, symbol: call.function, location: call.location },
    );
  });
  if (first.size > MOST_FINDINGS) {
    const message = `It asked for ${first.size - MOST_FINDINGS} more things that the sandbox denies (${deniedCount} calls in all).`;
    findings.push(finding('load/denied-syscall', message, { subject: 'more calls' }));
  }
  return findings;
}

/** `openat /etc/shadow`, `socket inet`; numbers alone tell a person nothing. */
function subjectOf({ name, detail }: RecordedCall): string {
  return detail === '' || /^0x/.test(detail) ? name : `${name} ${detail}`;
}

/** In words, where the registers have such. */
function argumentsOf({ arguments: words }: RecordedCall): string {
  return words === undefined || words === '' ? '' : ` (${words})`;
}

function callerOf({ object, callerOffset, function: caller, location }: RecordedCall): string {
  if (object === undefined || callerOffset === undefined) return '';
  const line = location === undefined ? '' : `, ${location.file}:${location.line}`;
  const place = `${object}+${callerOffset}${line}`;
  return caller === undefined ? ` (called at ${place})` : ` (called by ${caller}, ${place})`;
}

/** The layers that the profile relies on and this system did not give, for a person. */
export function missingParts({ isolation }: Pick<LoadEvidence, 'isolation'>): readonly string[] {
  if (isolation === undefined) return [];
  const { recorded, landlock, profile } = isolation;
  return [
    ...(recorded ? [] : ['seccomp with user notification (Linux 5.5, and no such filter around this process)']),
    ...(landlock > 0 || profile === 'audit' ? [] : ['Landlock (Linux 5.13, switched on)']),
  ];
}

export function missingLayers({ isolation }: LoadEvidence): readonly Finding[] {
  const missing = missingParts({ isolation });
  if (isolation === undefined || missing.length === 0) return [];
  const { recorded } = isolation;
  const lost = recorded ? 'files were guarded by name only' : 'nothing kept the plugin from files and the network';
  return [
    finding(
      'load/sandbox-missing',
      `The sandbox was not complete: this system lacks ${missing.join(' and ')}, so ${lost}.`,
      {
        subject: recorded ? 'landlock' : 'seccomp',
      },
    ),
  ];
}
