import { basename } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { Comparison, LoadEvidence, LoadResult, Measured, RecordedCall } from './model.ts';
import { during } from './phases.ts';

/** What was seen of one release. */
export interface Seen {
  readonly evidence: LoadEvidence;
  readonly image: ElfImage;
}

/** Growth that is more than noise between two runs on a busy machine. */
const SLOWER = { factor: 3, milliseconds: 100 };
const HEAVIER = { factor: 2, kibibytes: 16 * 1024 };

const MOST_CALLS = 10;

/** Programs, network and other processes before files: what a reviewer must see first. */
const ORDER = ['socket', 'connect', 'bind', 'execve', 'execveat', 'fork', 'vfork', 'clone', 'ptrace', 'io_uring_setup'];

/** What both releases did in being loaded and probed, under the same conditions. */
export function compareBehaviour(oldSeen: Seen, nowSeen: Seen): Comparison {
  const [old, now] = [inBoth(oldSeen), inBoth(nowSeen)];
  const measured = { old: measure(old), new: measure(now) };
  // Threads and goroutines do their work when they get to it: in which phase that is, is chance.
  const byPhase = measured.old.threads === 1 && measured.new.threads === 1 && now.evidence.go === undefined;
  const before = new Set(old.evidence.calls.map((call) => keyOf(call, byPhase)));
  const added = new Map<string, RecordedCall>();
  for (const call of ownCalls(now.evidence)) {
    const key = keyOf(call, byPhase);
    if (!before.has(key) && !added.has(key)) added.set(key, call);
  }
  return {
    result: resultOf(old.evidence),
    newCalls: [...added.values()].sort((left, right) => rankOf(left) - rankOf(right)),
    newLibraries: without(librariesOf(now.evidence), librariesOf(old.evidence)),
    ...measured,
  };
}

/** Of a Go plugin, what was seen in its Go host too: the loader itself only links it. */
function inBoth({ evidence, image }: Seen): Seen {
  const process = evidence.go?.process;
  if (process === undefined) return { evidence, image };
  const calls = [...evidence.calls, ...process.calls];
  return { evidence: { ...evidence, calls, objects: [...evidence.objects, ...process.objects] }, image };
}

/** A Go plugin that its host did not open did not do what it does. */
function resultOf({ result, go }: LoadEvidence): LoadResult {
  if (go === undefined || go.result === 'opened' || result !== 'loaded') return result;
  return go.result === 'no-host' ? 'not-run' : go.result;
}

/** Findings about what only the new release does; none when the previous one could not be loaded. */
export function behaviourFindings({ result, newCalls, newLibraries, old, new: now }: Comparison): readonly Finding[] {
  if (result !== 'loaded') return [];
  const findings = newCalls.slice(0, MOST_CALLS).map((call) => {
    const where = call.function === undefined ? '' : ` (${call.function})`;
    const what = call.detail === '' ? call.name : `${call.name} ${call.detail}`;
    return newBehaviour(
      `The new release asks for ${what} ${during(call.phase, undefined)}${where}, which the previous one did not`,
      what,
      call.function,
    );
  });
  if (newCalls.length > MOST_CALLS) {
    findings.push(
      newBehaviour(
        `The new release makes ${newCalls.length - MOST_CALLS} more calls that the previous one did not`,
        'more calls',
      ),
    );
  }
  for (const name of newLibraries)
    findings.push(newBehaviour(`The new release brings the library ${name}, which the previous one did not`, name));
  if (now.threads > old.threads) {
    findings.push(
      newBehaviour(`The new release runs ${now.threads} threads where the previous ran ${old.threads}`, 'threads'),
    );
  }
  const goroutines = { old: old.goroutines ?? 0, new: now.goroutines ?? 0 };
  if (goroutines.new > goroutines.old) {
    const message = `Init functions of the new release leave ${goroutines.new} goroutines running, those of the previous left ${goroutines.old}`;
    findings.push(newBehaviour(message, 'goroutines'));
  }
  if (now.resolvers > old.resolvers) {
    const message = `The new release has ${now.resolvers} IFUNC resolvers, which run before relocation is complete, where the previous had ${old.resolvers}`;
    findings.push(newBehaviour(message, 'IFUNC'));
  }
  if (now.constructors > old.constructors) {
    const message = `The new release has ${now.constructors} constructors where the previous had ${old.constructors}`;
    findings.push(newBehaviour(message, 'constructors', undefined, 'note'));
  }
  const heavy = now.residentKiB - old.residentKiB;
  if (isSlower({ old, new: now })) {
    findings.push(
      finding('load/heavier', `Loading takes ${now.openMs.toFixed(0)} ms, before ${old.openMs.toFixed(0)} ms.`, {
        subject: 'time',
      }),
    );
  }
  if (heavy > HEAVIER.kibibytes && now.residentKiB > HEAVIER.factor * old.residentKiB) {
    findings.push(
      finding('load/heavier', `Loaded, it takes ${now.residentKiB} KiB of memory, before ${old.residentKiB} KiB.`, {
        subject: 'memory',
      }),
    );
  }
  return findings;
}

/** Whether loading takes much longer than before. On a busy machine that can be chance: measure again before it is told. */
export function isSlower({ old, new: now }: Pick<Comparison, 'old' | 'new'>): boolean {
  return now.openMs - old.openMs > SLOWER.milliseconds && now.openMs > SLOWER.factor * old.openMs;
}

function newBehaviour(message: string, subject: string, symbol?: string, severity?: 'note'): Finding {
  return finding('load/new-behaviour', `${message}.`, {
    subject,
    symbol,
    ...(severity === undefined ? {} : { severity }),
  });
}

/** Calls that the plugin or its libraries made, not the dynamic linker for them: those are the libraries. */
function ownCalls({ calls }: LoadEvidence): readonly RecordedCall[] {
  return calls.filter(({ object, denied }) => object !== undefined || denied);
}

/** Numbers of processes and the like differ with every run; a probe and a constructor are told apart. */
function keyOf({ phase, name, detail, writes }: RecordedCall, byPhase: boolean): string {
  return `${byPhase ? phase : ''}\0${name}\0${detail.replace(/\d{3,}/g, '#')}\0${writes}`;
}

function rankOf({ name, writes }: RecordedCall): number {
  const rank = ORDER.indexOf(name);
  return rank >= 0 ? rank : ORDER.length + (writes ? 0 : 1);
}

function librariesOf({ objects }: LoadEvidence): readonly string[] {
  return objects.filter(({ path }) => path.startsWith('/')).map(({ path }) => basename(path));
}

function without(names: readonly string[], known: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => !known.includes(name));
}

/** What one release costs, as it was seen. */
export function measure({ evidence, image }: Seen): Measured {
  const states = evidence.states.filter(({ phase }) => phase !== 'close');
  const { process, goroutines = 0, openMs } = evidence.go ?? {};
  const inHost = process?.states.findLast(({ residentKiB }) => residentKiB !== undefined)?.residentKiB;
  return {
    openMs: openMs ?? evidence.phases.find(({ phase }) => phase === 'open')?.durationMs ?? 0,
    residentKiB: inHost ?? states.findLast(({ residentKiB }) => residentKiB !== undefined)?.residentKiB ?? 0,
    ...(process === undefined ? {} : { goroutines }),
    threads: Math.max(1, ...states.map(({ threads }) => threads ?? 1)),
    resolvers: image.relocations.ifunc,
    constructors: image.dynamic.initArray + (image.dynamic.hasInit ? 1 : 0),
  };
}
