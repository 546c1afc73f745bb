import type { Decision } from '../../src/verdict/decision.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

/** A decision as a test wants it; it passed unless told otherwise. */
export function decision(change: Partial<Decision>): Decision {
  return {
    plugin: 'p',
    kind: 'elf',
    target: 'linux/amd64',
    version: '1.2.0',
    resource: 'pkg:generic/p@1.2.0?arch=amd64&os=linux',
    artifact: { file: 'build/p.so', digest: digest('1'), size: 1000 },
    result: 'passed',
    reason: 'Nothing blocks; the steps that ran are read, load.',
    time: '2026-11-22T12:00:00.000Z',
    policy: { name: 'plugin-gate.yml#policy', digest: digest('2') },
    config: { name: 'plugin-gate.yml', digest: digest('3') },
    tool: '1.0.0',
    steps: [
      { step: 'read', status: 'pass', clean: true },
      { step: 'load', status: 'pass', clean: true },
    ],
    inputs: [],
    blocking: [],
    blockingCount: 0,
    ...change,
  };
}
