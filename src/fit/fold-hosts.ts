import type { Finding } from '../rules/finding.ts';
import type { Fit } from './model.ts';

/** The answer of one host for a plugin. */
export interface HostAnswer {
  readonly host: string;
  readonly fit: Fit;
}

/** One finding for what is the same in several hosts, with their names unless it is so in all. */
export function foldHosts(answers: readonly HostAnswer[]): readonly Finding[] {
  const groups = new Map<string, { readonly reason: Finding; readonly hosts: string[] }>();
  for (const { host, fit } of answers) {
    for (const reason of fit.reasons) {
      const identity = JSON.stringify([reason.rule, reason.severity, reason.subject, reason.message, reason.fix]);
      const group = groups.get(identity);
      if (group === undefined) groups.set(identity, { reason, hosts: [host] });
      else if (group.hosts.at(-1) !== host) group.hosts.push(host);
    }
  }
  return [...groups.values()].map(({ reason, hosts }) =>
    hosts.length === answers.length ? reason : { ...reason, message: `${reason.message} (host ${hosts.join(', ')})` },
  );
}

/** Whether a plugin loads in all of its hosts. */
export function loadsInAll(answers: readonly HostAnswer[]): Fit['loads'] {
  if (answers.some(({ fit }) => fit.loads === false)) return false;
  return answers.every(({ fit }) => fit.loads === true) ? true : 'undecided';
}
