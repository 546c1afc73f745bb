import type { PluginResult } from '../gate/report.ts';
import type { Style } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { signedOf } from './signed.ts';

/** Plugins whose verdicts are listed; all are in the JSON report. */
const MOST = 20;

/** What was signed of each plugin, with what who deploys it pins; empty when nothing was. */
export function signedVerdicts(plugins: readonly PluginResult[], style: Style): string {
  const signed = signedOf(plugins);
  if (signed.length === 0) return '';
  const lines = signed
    .slice(0, MOST)
    .flatMap(({ plugin, target, result, file, policy, signer }) => [
      `  ${escapeTerminal(plugin)} ${style.dim(escapeTerminal(target))}  ${result}, ${escapeTerminal(file)}\n`,
      style.dim(`    policy ${policy}, signed by ${escapeTerminal(signer)}\n`),
    ]);
  const left = signed.length - MOST;
  if (left > 0) lines.push(style.dim(`  … and ${left} more, all of them in the JSON report\n`));
  return `${style.bold('Signed verdicts')}\n\n${lines.join('')}`;
}
