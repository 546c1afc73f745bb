import type { PlacedFinding } from './finding.ts';
import { finding } from './make.ts';
import { covers, daysBetween, type Standing, standingOn, type Waiver } from './waivers.ts';

/** How often a waiver covered a finding, and how often it would have, had it not expired. */
interface Use {
  covered: number;
  missed: number;
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
  const entries = waivers.map((waiver) => {
    const use: Use = { covered: 0, missed: 0 };
    return { waiver, standing: standingOn(waiver, today), use };
  });
  const byRule = new Map<string, typeof entries>();
  for (const entry of entries) {
    const same = byRule.get(entry.waiver.rule);
    if (same === undefined) byRule.set(entry.waiver.rule, [entry]);
    else same.push(entry);
  }

  return {
    take(finding, shown) {
      const matching = (byRule.get(finding.rule) ?? []).filter(({ waiver }) => covers(waiver, finding));
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
