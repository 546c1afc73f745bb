import type { ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { callFindings } from './call-findings.ts';
import { deniedFindings, missingLayers } from './denied.ts';
import { endingFindings } from './ending-findings.ts';
import { explain } from './explain.ts';
import { memoryFindings } from './memory-findings.ts';
import type { LoadEvidence, LoadRequest, ProbeCall } from './model.ts';
import { originFindings } from './origins.ts';
import { outlivingFindings } from './thread-findings.ts';

/** What the facts of a load mean. Pure; the order is the order of the phases. */
export function loadFindings(evidence: LoadEvidence, request: LoadRequest, image: ElfImage): readonly Finding[] {
  return [
    ...deniedFindings(evidence, request),
    ...refusal(evidence),
    ...symbolFindings(evidence),
    ...probeFindings(evidence, request),
    ...endingFindings(evidence, request, image),
    ...interferenceFindings(evidence),
    ...memoryFindings(evidence, image),
    ...leftoverFindings(evidence),
    ...callFindings(evidence),
    ...originFindings(evidence, request, image),
    ...outlivingFindings(evidence),
    ...unloadFindings(evidence),
    ...outputFindings(evidence),
    ...missingLayers(evidence),
  ];
}

/** Of a Go plugin in its Go host: what was seen from outside, besides what the host says of it (golang/probe). */
export function hostFindings(evidence: LoadEvidence, request: LoadRequest, image: ElfImage): readonly Finding[] {
  const lost = evidence.result === 'supervisor-lost' || evidence.ending?.how === 'stopped';
  return [
    ...deniedFindings(evidence, request),
    ...(lost ? endingFindings(evidence, request, image) : []),
    ...interferenceFindings(evidence),
    ...memoryFindings(evidence, image),
    ...leftoverFindings(evidence),
    ...callFindings(evidence),
  ];
}

function refusal({ error }: LoadEvidence): readonly Finding[] {
  if (error === undefined) return [];
  const { cause, subject, symbol, fix } = explain(error);
  return [finding('load/failed', cause, { subject, symbol, fix, details: error === cause ? undefined : error })];
}

function symbolFindings({ symbols }: LoadEvidence): readonly Finding[] {
  return symbols
    .filter(({ found }) => !found)
    .map(({ name, error }) =>
      finding('load/symbol-missing', `dlsym does not find ${name} in the loaded plugin.`, {
        subject: name,
        symbol: name,
        details: error,
      }),
    );
}

function probeFindings({ probes, phases }: LoadEvidence, request: LoadRequest): readonly Finding[] {
  return probes.flatMap((call, index) => {
    const { symbol } = call;
    if (!call.found) {
      return [
        finding('load/symbol-missing', `The probe ${symbol} is not in the loaded plugin.`, {
          subject: symbol,
          symbol,
          details: call.error,
        }),
      ];
    }
    const { expect, timeout = Infinity } = request.probes?.[index] ?? {};
    const took = phases.find((one) => one.phase === 'probe' && one.index === index)?.durationMs ?? 0;
    const complaint = complaintOf(call, expect);
    return [
      ...(complaint === undefined ? [] : [finding('load/probe-failed', complaint, { subject: symbol, symbol })]),
      ...(took > timeout ? [slowProbe(symbol, took, timeout)] : []),
    ];
  });
}

function slowProbe(symbol: string, took: number, timeout: number): Finding {
  const message = `The probe ${symbol} took ${Math.round(took)} ms, and its timeout is ${timeout} ms.`;
  return finding('load/timeout', message, { subject: symbol, symbol });
}

function complaintOf(
  { symbol, signature, number, text }: ProbeCall,
  expect: number | string | undefined,
): string | undefined {
  switch (signature) {
    case 'void(void)':
      return undefined;
    case 'int(void)': {
      const expected = expect ?? 0;
      return number === expected ? undefined : `${symbol}() returned ${number}, expected ${expected}.`;
    }
    case 'const char *(void)':
      if (text === undefined)
        return `${symbol}() returned NULL, expected ${expect === undefined ? 'text' : JSON.stringify(expect)}.`;
      if (expect === undefined || text === expect) return undefined;
      return `${symbol}() returned ${JSON.stringify(text)}, expected ${JSON.stringify(expect)}.`;
  }
}

/** Subject of findings about what the dynamic linker tells. */
export const AUDIT_TRAIL = 'audit trail';

/** @param how for the end of a sentence */
export function destroyedTrail(how: string, severity: 'error' | 'undecided' = 'error'): Finding {
  const message = `It destroyed the audit trail, which the dynamic linker writes into memory that the plugin did not make: ${how}.`;
  return finding('load/interfered', message, {
    subject: AUDIT_TRAIL,
    fix: 'Find out what in the plugin unmaps or writes over memory that it did not ask for. What its constructors did, and which symbols were bound, is not known from this run.',
    severity,
  });
}

function trailFindings({ audit, states }: LoadEvidence): readonly Finding[] {
  if (audit?.damage === undefined) return [];
  // A record that another thread was writing when the process ended is not whole either.
  const alone = (states.at(-1)?.threads ?? 1) <= 1;
  return [destroyedTrail(audit.damage, alone ? 'error' : 'undecided')];
}

function interferenceFindings(evidence: LoadEvidence): readonly Finding[] {
  const { interference, states } = evidence;
  const findings: Finding[] = [...trailFindings(evidence)];
  if (interference?.closed) {
    findings.push(
      finding(
        'load/interfered',
        'It closed descriptors that it did not open, among them the one that the loader works with.',
        {
          subject: 'descriptors',
        },
      ),
    );
  }
  if (interference?.unblocked) {
    findings.push(
      finding(
        'load/interfered',
        'It made descriptors non-blocking that it did not open (O_NONBLOCK), among them the one that the loader works with.',
        {
          subject: 'descriptors',
          fix: 'Set O_NONBLOCK only on descriptors that the plugin itself opened; look for a loop over all descriptors.',
        },
      ),
    );
  }
  if (interference !== undefined && interference.messages > 0) {
    findings.push(
      finding(
        'load/interfered',
        `It wrote ${interference.messages} times to a descriptor that belongs to its loader.`,
        {
          subject: 'channel',
        },
      ),
    );
  }
  if (states.some(({ position }) => position === 'elsewhere')) {
    findings.push(
      finding(
        'load/interfered',
        "The loader's own thread does not wait where its code waits: the plugin took over its flow of control.",
        {
          subject: 'control flow',
        },
      ),
    );
  }
  return findings;
}

function leftoverFindings({ leftovers }: LoadEvidence): readonly Finding[] {
  if (leftovers.length === 0) return [];
  const names = [...new Set(leftovers.map(({ name }) => name))].slice(0, 5).join(', ');
  const count = leftovers.length === 1 ? 'a process' : `${leftovers.length} processes`;
  return [
    finding('load/leftover-process', `It left ${count} running (${names}) after its own process had ended.`, {
      subject: 'processes',
    }),
  ];
}

function unloadFindings({ unload }: LoadEvidence): readonly Finding[] {
  if (unload === undefined || !unload.mapped) return [];
  const reasons = unload.reasons.length === 0 ? 'the reason is not known' : unload.reasons.join('; ');
  return [finding('load/not-unloaded', `It is still in memory after dlclose: ${reasons}.`, { subject: 'dlclose' })];
}

function outputFindings({ output }: LoadEvidence): readonly Finding[] {
  return (['stdout', 'stderr'] as const).flatMap((stream) => {
    const { bytes, text, phases } = output[stream];
    if (bytes === 0) return [];
    const when = [...new Set(phases.map(({ phase }) => phase))].join(', ');
    const name = stream === 'stdout' ? 'standard output' : 'standard error';
    return [
      finding('load/output', `It printed ${bytes} bytes to ${name} (${when}).`, {
        subject: stream,
        details: text.slice(-2000),
      }),
    ];
  });
}
