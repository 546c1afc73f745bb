import { expect, it } from '@jest/globals';
import type { Fit } from '../../src/fit/model.ts';
import { ruleOf } from '../../src/rules/catalogue.ts';
import { describeWith } from '../support/needs.ts';
import { keptDirectory } from './kept-directory.ts';
import { VARIANTS } from './variants.ts';
import { fitFiles, openReally, Workbench } from './workbench.ts';

/** The package that an error of plugin.Open names. */
const NAMED = /plugin was built with a different version of package (\S+)$/;
/** What can be pasted into a shell. */
const COMMAND = /\b(?:go (?:build|get|mod|work|clean)|git checkout) /;
/** The first build of the standard library with other flags takes its time. */
const TIMEOUT = 240_000;

describeWith(['go', 'gcc', 'strip'], 'what is said of a plugin is what plugin.Open says', () => {
  const bench = new Workbench(keptDirectory('plugin-open'));

  it.each(VARIANTS.map((variant) => [variant.title, variant] as const))(
    '%s',
    (_, variant) => {
      const host = bench.host(variant.host ?? {});
      const plugins = variant.plugins.map((options) => bench.plugin(options));
      const answers = openReally(host, plugins);
      const fits = fitFiles(host, plugins);
      expect(fits.map(({ loads }) => loads)).toEqual(
        answers.map(({ opened }) => (opened ? true : cannotBeTold(fits) ? fits[0]?.loads : false)),
      );
      for (const [index, answer] of answers.entries()) {
        const named = answer.opened ? undefined : NAMED.exec(answer.message)?.[1];
        expect(fits[index]?.go?.firstNamed).toBe(named);
        expect(fits[index]?.go?.alreadyLoaded ?? false).toBe(!answer.opened && /already loaded/.test(answer.message));
      }
      const last = fits.at(-1);
      expect(summary(last, host)).toEqual(variant.findings);
      for (const { rule, severity, fix = ruleOf(rule).fix } of last?.reasons ?? []) {
        if (severity !== 'undecided') expect(`${rule}: ${fix}`).toMatch(COMMAND);
      }
    },
    TIMEOUT,
  );
});

/** A static host: the loader's part is open, the answer is no all the same. */
function cannotBeTold(fits: readonly Fit[]): boolean {
  return fits.some(({ loads }) => loads === 'undecided');
}

function summary(fit: Fit | undefined, host: string): readonly string[] {
  const texts = (fit?.reasons ?? []).map(({ rule, subject }) => `${rule} ${subject === host ? 'host' : subject}`);
  return [...new Set(texts)].sort();
}
