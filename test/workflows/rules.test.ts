import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { pages, workflows } from './collect.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: unknown;
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, { readonly permissions?: unknown; readonly steps: readonly Step[] }>>;
}

const PINNED = /uses: ([\w.-]+\/[\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$/;
const OURS = /uses: (?:org\/plugin-gate@v1|\.\/)$/;

describe('workflows, our own and those to copy', () => {
  it('are there', () => {
    expect(workflows.map(([name]) => name)).toEqual(
      expect.arrayContaining(['.github/workflows/ci.yml', '.github/workflows/release.yml', 'docs/action.md, block 1']),
    );
  });

  it.each(workflows)('%s: starts without permissions and grants them by job', (_, text) => {
    const workflow: Workflow = parse(text);
    expect(workflow.permissions).toEqual({});
    for (const job of Object.values(workflow.jobs)) expect(job.permissions).toBeDefined();
    expect(text).not.toMatch(/write-all|pull_request_target/);
  });

  it.each(workflows)('%s: leaves no credentials in the checkout', (_, text) => {
    const { jobs }: Workflow = parse(text);
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) {
      expect(step.with).toMatchObject({ 'persist-credentials': false });
    }
  });

  it.each(workflows)('%s: puts no expression into a script', (_, text) => {
    const { jobs }: Workflow = parse(text);
    for (const { run } of Object.values(jobs).flatMap((job) => job.steps)) expect(run ?? '').not.toContain('${{');
  });

  it('pins every action by its commit and names the version', () => {
    const texts = [...workflows.map(([, text]) => text), ...pages.map((file) => readFileSync(file, 'utf8'))];
    const uses = texts.flatMap((text) => text.split('\n')).filter((line) => /^\s*(?:- )?uses:/.test(line));
    expect(uses.length).toBeGreaterThan(10);
    expect(uses.filter((line) => !PINNED.test(line) && !OURS.test(line))).toEqual([]);
  });

  it('pins one version of each action', () => {
    const pins = workflows.flatMap(([, text]) => [...text.matchAll(new RegExp(PINNED, 'gm'))]);
    const commits = new Set(pins.map(([, action, commit]) => `${action}@${commit}`));
    expect(commits.size).toBe(new Set(pins.map(([, action]) => action)).size);
  });

  it('document every input and output of the Action', () => {
    const action: { inputs: object; outputs: object } = parse(readFileSync('action.yml', 'utf8'));
    const page = readFileSync('docs/action.md', 'utf8');
    for (const name of [...Object.keys(action.inputs), ...Object.keys(action.outputs)])
      expect(page).toContain(`\`${name}\``);
  });

  it('gives a workflow of a dozen lines to copy', () => {
    const [, text] = workflows.find(([name]) => name === 'docs/action.md, block 1') ?? [];
    expect(text?.trim().split('\n').length).toBeLessThanOrEqual(12);
  });
});
