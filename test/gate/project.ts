import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { GateReport } from '../../src/gate/report.ts';
import { type GateRequest, type GateRun, runGate } from '../../src/gate/run.ts';
import { SILENT } from '../../src/gate/step.ts';
import { writeTree } from '../support/workspace.ts';

/** Small projects for the tests of the gate: real plugins, compiled here, under a configuration of the test's own. */

export const NOW = new Date('2026-11-22T12:00:00Z');
export const RUNNER = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
/** The other one: what is built for it cannot be loaded without an emulator. */
export const OTHER = process.arch === 'arm64' ? 'linux/amd64' : 'linux/arm64';

/** C source of a plugin with the functions that are named, each without arguments and returning 0. */
export function functions(...names: readonly string[]): string {
  return names.map((name) => `int ${name}(void) { return 0; }\n`).join('');
}

/** Compiles C source to a plugin in a project, with debug information and the usual hardening. */
export function compile(directory: string, file: string, source: string, flags: readonly string[] = []): void {
  writeTree(directory, { 'source.c': source });
  const common = ['-shared', '-fPIC', '-g', '-O2', '-Wl,-z,now', '-Wl,-z,noexecstack'];
  execFileSync('cc', [...common, '-o', join(directory, file), join(directory, 'source.c'), ...flags], {
    stdio: 'pipe',
  });
}

export async function gate(directory: string, more: Partial<GateRequest> = {}): Promise<GateRun> {
  return await runGate({
    configFile: 'plugin-gate.yml',
    directory,
    environment: { PATH: process.env.PATH },
    progress: SILENT,
    version: '0.0.0-test',
    now: NOW,
    ...more,
  });
}

/** Rules of the findings, blocking ones marked with `!`. */
export function rules({ findings }: GateReport): string[] {
  return findings.map(({ rule, blocks }) => `${blocks ? '!' : ''}${rule}`);
}

/** Status by step, for the plugin at a place in the report. */
export function steps({ plugins }: GateReport, at = 0): Record<string, string> {
  return Object.fromEntries((plugins[at]?.steps ?? []).map(({ step, status }) => [step, status]));
}

export function summary({ plugins }: GateReport, step: string, at = 0): string | undefined {
  return plugins[at]?.steps.find((one) => one.step === step)?.summary;
}
