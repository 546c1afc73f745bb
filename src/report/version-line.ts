import type { PluginResult } from '../gate/report.ts';

/**
 * What the comparison asks of the version, one line for each plugin: `greet asks for a major version (2.0.0 or later);
 * the release claims 1.1.0`. Plugins whose targets differ have a line for each. Raw text.
 */
export function versionLines(plugins: readonly PluginResult[]): readonly string[] {
  const lines = new Map<string, Set<string>>();
  for (const result of plugins) {
    const line = versionLine(result);
    if (line === undefined) continue;
    const targets = lines.get(`${result.plugin} ${line}`) ?? new Set();
    lines.set(`${result.plugin} ${line}`, targets.add(result.target));
  }
  const all = (plugin: string) => plugins.filter((result) => result.plugin === plugin).length;
  return plugins.flatMap((result) => {
    const line = versionLine(result);
    if (line === undefined) return [];
    const key = `${result.plugin} ${line}`;
    const targets = lines.get(key);
    lines.delete(key);
    if (targets === undefined) return [];
    return [targets.size === all(result.plugin) ? key : `${result.plugin} (${[...targets].join(', ')}) ${line}`];
  });
}

function versionLine({ versionAdvice: advice }: PluginResult): string | undefined {
  if (advice === undefined || advice.asks === 'none') return undefined;
  const what = advice.asks === 'patch' ? 'a new patch version' : `a ${advice.asks} version`;
  const atLeast = advice.certain ? '' : ' at least';
  const least = advice.least === undefined ? '' : ` (${advice.least} or later)`;
  const claims = advice.claimed === undefined ? '' : `; the release claims ${advice.claimed}`;
  const verdict = advice.enough === undefined ? '' : advice.enough ? '' : ', which is too low';
  return `asks for${atLeast} ${what}${least}${claims}${verdict}`;
}
