import { basename } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { CodeState, DescriptorChange, LoadEvidence } from './model.ts';
import { during } from './phases.ts';

/** Code that the plugin wrote to or can write to, and descriptors of its host that it changed or left open. */
export function memoryFindings(evidence: LoadEvidence, image: ElfImage): readonly Finding[] {
  return [...codeFindings(evidence, image), ...descriptorFindings(evidence), ...openFindings(evidence)];
}

function codeFindings({ code = [], loader }: LoadEvidence, { hardening }: ElfImage): readonly Finding[] {
  // An emulator's own code is what the system shows of the process.
  if (loader?.emulator !== undefined) return [];
  const first = new Map<string, CodeState>();
  for (const one of code.filter(({ phase }) => phase === 'start')) first.set(one.path, one);
  const told = new Set(first.keys());
  return code.flatMap((one) => {
    // A file that asks for an executable stack gets one, or is refused; that it asks is told without running it.
    if (told.has(one.path) || (one.path === '[stack]' && !hardening.nxStack)) return [];
    told.add(one.path);
    const when = during(one.phase, undefined);
    if (one.before || (one.changed && !one.own)) return [foreignCode(one, when)];
    if (!one.writable) return [];
    const what = one.own
      ? 'Its own code'
      : one.path.startsWith('/')
        ? `Code of ${basename(one.path)}`
        : areaOf(one.path);
    return [
      finding('load/writable-code', `${what} is writable and executable at once ${when}.`, {
        subject: one.path === '' ? 'anonymous memory' : one.path,
      }),
    ];
  });
}

function areaOf(path: string): string {
  return path === '' ? 'Memory that it mapped' : `Memory of the process, ${path},`;
}

/** Of a library that it brought along, text relocations of that library would look the same. */
function foreignCode({ path, changed, before }: CodeState, when: string): Finding {
  const what = changed ? 'was changed in memory' : 'was made writable';
  return finding('load/interfered', `Code of ${path}, which is not the plugin's, ${what} ${when}.`, {
    subject: `code of ${basename(path)}`,
    fix: 'Do not patch functions of other files in memory: the whole host runs on them. Use what they offer for it (hooks, interposition by the host).',
    ...(before ? {} : { severity: 'warning' as const }),
  });
}

const STANDARD = ['standard input', 'standard output', 'standard error'];

function descriptorFindings({ descriptorChanges = [], ending }: LoadEvidence): readonly Finding[] {
  const told = new Set<string>();
  return descriptorChanges.flatMap((change) => {
    const { number, what, phase } = change;
    const key = `${what} ${number}`;
    if (what === 'added' || told.has(key)) return [];
    // The system closes those of a process that dies, and how it died is told.
    if (what === 'closed' && ending?.expected === false && ending.phase === phase) return [];
    told.add(key);
    const name = STANDARD[number] ?? `descriptor ${number}`;
    return [
      finding('load/interfered', `It ${DONE[what]} ${name}, which belongs to its host, ${during(phase, undefined)}.`, {
        subject: `descriptor ${number}`,
        details: what === 'replaced' ? `it leads to ${change.target} now` : undefined,
      }),
    ];
  });
}

const DONE = {
  closed: 'closed',
  replaced: 'put another file in the place of',
  flags: 'set O_NONBLOCK, O_ASYNC or O_APPEND for',
} as const;

/** Descriptors that libraries keep, once for each process: random numbers, a log. What each load costs is told by cycles. */
const USUAL = 3;

/** What is still open when dlclose has taken the plugin away: nothing is left that could close it. */
function openFindings({ states, unload, descriptorChanges = [] }: LoadEvidence): readonly Finding[] {
  const before = states.find(({ phase }) => phase === 'start')?.descriptors;
  const after = states.findLast(({ phase }) => phase === 'close')?.descriptors;
  if (unload?.closed !== true || unload.mapped || before === undefined || after === undefined) return [];
  const lost = descriptorChanges.filter(({ phase, what }) => phase === 'close' && what === 'closed').length;
  const left = after - before + lost;
  if (left <= USUAL) return [];
  const leads = descriptorChanges.filter(({ phase, what }) => phase === 'close' && what === 'added');
  return [
    finding('load/leaves-open', `It left ${left} descriptors open when it was unloaded${leadTo(leads)}.`, {
      subject: 'descriptors',
      details: leads.map(({ number, target }) => `${number}: ${target}`).join('\n'),
    }),
  ];
}

function leadTo(leads: readonly DescriptorChange[]): string {
  const names = [...new Set(leads.map(({ target }) => target))].slice(0, 3);
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}
