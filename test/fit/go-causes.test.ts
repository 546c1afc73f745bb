import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { fitFiles, openReally, Workbench } from '../golang/workbench.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { told } from './load-file.ts';

const TIMEOUT = 240_000;
const MUSL = { env: { CC: 'musl-gcc' } };

/** Whether programs for musl can be started: Debian's musl has the loader, where the test runs on the same machine. */
const runs = ['x86_64', 'aarch64'].some((machine) => existsSync(`/lib/ld-musl-${machine}.so.1`));

describeWith(runs ? ['go', 'gcc', 'musl-gcc'] : ['musl'], 'Go hosts and plugins for glibc and musl', () => {
  const bench = new Workbench(workspace());

  it.each([
    ['both for musl', MUSL, MUSL, []],
    ['a plugin for musl in a host for glibc', {}, MUSL, ['error fit/libc-mismatch musl']],
    // It opens where musl has each of the functions, which only loading it tells.
    ['a plugin for glibc in a host for musl', MUSL, {}, ['undecided fit/libc-mismatch musl']],
  ] as const)(
    '%s',
    (_, hostOptions, pluginOptions, expected) => {
      const host = bench.host(hostOptions);
      const plugin = bench.plugin(pluginOptions);
      const [answer] = openReally(host, [plugin]);
      const [fit] = fitFiles(host, [plugin]);
      if (fit?.loads !== 'undecided') expect(fit?.loads).toBe(answer?.opened);
      const reasons = fit?.reasons ?? [];
      expect(told(reasons.filter(({ rule }) => rule === 'fit/libc-mismatch'))).toEqual(expected);
      for (const { rule, fix } of reasons)
        if (rule === 'fit/libc-mismatch') expect(fix).toMatch(/golang:[\d.]+(?:-alpine)? .*go build/);
      expect(spawnSync(host, []).status).toBe(0);
    },
    TIMEOUT,
  );
});
