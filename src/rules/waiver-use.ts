import type { PlacedFinding } from './finding.ts';
import { finding } from './make.ts';
import { literalOf } from './pattern.ts';
import { covers, daysBetween, namesOf, type Standing, standingOn, type Waiver } from './waivers.ts';

/** How often a waiver covered a finding, and how often it would have, had it not expired. */
interface Use {
  covered: number;
  missed: number;
}

interface Entry {
  readonly waiver: Waiver;
  readonly standing: Standing;
  readonly use: Use;
}

/** Waivers at work on one day: which one covers a finding, and in the end what is to be said of the waivers. */
export interface WaiverBook {
  /**
   * The waiver that covers a finding, if one does.
   * @param shown false for findings that the policy leaves out: an expired waiver is then no loss
   */
  readonly take: (finding: PlacedFinding, shown: boolean) => Waiver | undefined;
  /**
   * Findings about the waivers themselves, after all findings were taken.
   * @param sawAllOf whether a plugin (undefined: every plugin) was looked at through all steps; else that nothing
   *   matched proves nothing
   */
  readonly close: (sawAllOf: (plugin: string | undefined) => boolean) => PlacedFinding[];
}

/**
 * @param today `YYYY-MM-DD`, UTC
 */
export function openWaivers(waivers: readonly Waiver[], today: string): WaiverBook {
  const entries = waivers.map((waiver): Entry => {
    return { waiver, standing: standingOn(waiver, today), use: { covered: 0, missed: 0 } };
  });
  // By rule and name: a report may have a hundred thousand findings and thousands of waivers.
  const byName = new Map<string, Entry[]>();
  const patterns = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { rule, subject } = entry.waiver;
    const name = literalOf(subject);
    if (name === undefined) append(patterns, rule, entry);
    else append(byName, `${rule} ${name}`, entry);
  }

  return {
    take(finding, shown) {
      const named = namesOf(finding).flatMap((name) => byName.get(`${finding.rule} ${name}`) ?? []);
      const near = new Set([...named, ...(patterns.get(finding.rule) ?? [])]);
      const matching = [...near].filter(({ waiver }) => covers(waiver, finding));
      const valid = matching.find(({ standing }) => standing !== 'expired');
      for (const { standing, use } of matching) {
        if (standing !== 'expired' || !shown) use.covered++;
        else if (valid === undefined) use.missed++;
      }
      return valid?.waiver;
    },
    close(sawAllOf) {
      return entries.flatMap(({ waiver, standing, use }) => {
        if (use.missed > 0) return [expired(waiver, use.missed)];
        if (use.covered > 0) return standing === 'expiring' ? [expiring(waiver, today)] : [];
        return sawAllOf(waiver.plugin) ? [unused(waiver, standing)] : [];
      });
    },
  };
}

function append(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}

function about({ rule, subject, plugin, target, location }: Waiver) {
  return { subject: `${rule} ${subject}`, plugin, target, location };
}

function nameOf({ rule, subject, owner }: Waiver): string {
  return `The waiver of ${owner} for ${rule} on ${subject}`;
}

function expired(waiver: Waiver, missed: number): PlacedFinding {
  const again = missed === 1 ? 'its finding counts again' : `its ${missed} findings count again`;
  const message = `${nameOf(waiver)} ended on ${waiver.expires}; ${again}.`;
  return { ...finding('policy/waiver-expired', message), ...about(waiver) };
}

function expiring(waiver: Waiver, today: string): PlacedFinding {
  const days = daysBetween(today, waiver.expires);
  const when = days === 0 ? 'today' : days === 1 ? 'tomorrow' : `in ${days} days`;
  const message = `${nameOf(waiver)} ends ${when}, on ${waiver.expires}.`;
  return { ...finding('policy/waiver-expiring', message), ...about(waiver) };
}

function unused(waiver: Waiver, standing: Standing): PlacedFinding {
  const past = standing === 'expired' ? `, and it ended on ${waiver.expires}` : '';
  return { ...finding('policy/waiver-unused', `${nameOf(waiver)} matches no finding${past}.`), ...about(waiver) };
}
