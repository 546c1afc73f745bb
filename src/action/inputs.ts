import { isAbsolute, relative, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { COMMENT_MODES, type CommentMode } from '../github/comment-decision.ts';

/** The inputs of the Action, checked. What is undefined is left to the configuration file. */
export interface ActionInputs {
  /** Configuration file, as given: relative to the working directory. */
  readonly config: string;
  /** Absolute. */
  readonly workingDirectory: string;
  /** Empty: nothing is posted. */
  readonly token: string;
  readonly comment?: CommentMode;
  readonly checkRun?: boolean;
  /** As given: relative to the working directory. */
  readonly reportDirectory?: string;
  readonly key?: string;
  readonly onlyChanged?: boolean;
  /** Absolute path of a directory with results of earlier runs. */
  readonly cache?: string;
  /** Tag of a draft release. */
  readonly attachTo?: string;
  /** Absolute path of a report that another run made: it is posted, and no gate is run. */
  readonly report?: string;
  /** One part of a gate that is spread over several jobs. */
  readonly part?: GatePart;
  /** Upload to code scanning. */
  readonly sarif?: boolean;
  /** false: the verdict is not signed, whatever the configuration says. */
  readonly sign?: boolean;
}

/** Paths are absolute. */
export type GatePart =
  | { readonly mode: 'plan'; readonly plan: string; readonly shards?: number }
  | { readonly mode: 'shard'; readonly plan: string; readonly shard: string }
  | { readonly mode: 'merge'; readonly plan: string; readonly reports: string };

const MODES = ['check', 'plan', 'shard', 'merge'] as const;
const SHARD = /^[a-z0-9]+-[0-9]{3}$/;

/** As in the configuration file (`report.key`). */
const KEY = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

/** Whether a path stays in a directory, itself included. */
function inside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}

/**
 * Reads and checks all inputs.
 * @param get value of an input by name, empty when it is not set (`getInput` of @actions/core)
 * @param workspace absolute path of the checkout (GITHUB_WORKSPACE)
 * @throws UsageError that names every wrong input at once
 */
export function readInputs(get: (name: string) => string, workspace: string): ActionInputs {
  const problems: string[] = [];
  const wrong = (name: string, value: string, expected: string) => {
    problems.push(`input "${name}": ${expected}, not ${JSON.stringify(value.slice(0, 100))}`);
  };
  const pathInput = (name: string) => {
    const value = get(name);
    if (value.includes('\0') || value.includes('\n')) wrong(name, value, 'expected a path in one line');
    return value;
  };

  const workingDirectoryText = pathInput('working-directory');
  const workingDirectory = resolve(workspace, workingDirectoryText || '.');
  if (!inside(workspace, workingDirectory)) {
    wrong('working-directory', workingDirectoryText, 'expected a directory in the checkout');
  }
  const config = pathInput('config') || 'plugin-gate.yml';
  const reportDirectory = pathInput('report-directory');
  if (reportDirectory !== '' && inside(resolve(workingDirectory, reportDirectory), workingDirectory)) {
    wrong('report-directory', reportDirectory, 'expected a directory of its own, for files that each run writes anew');
  }

  const commentText = get('comment');
  const comment = COMMENT_MODES.find((mode) => mode === commentText);
  if (commentText !== '' && comment === undefined) {
    wrong('comment', commentText, `expected ${COMMENT_MODES.slice(0, -1).join(', ')} or ${COMMENT_MODES.at(-1)}`);
  }
  const checkRunText = get('check-run');
  if (!['', 'true', 'false'].includes(checkRunText)) wrong('check-run', checkRunText, 'expected true or false');

  const sarifText = get('sarif');
  if (!['', 'true', 'false'].includes(sarifText)) wrong('sarif', sarifText, 'expected true or false');

  const onlyChangedText = get('only-changed');
  if (!['', 'true', 'false'].includes(onlyChangedText))
    wrong('only-changed', onlyChangedText, 'expected true or false');

  const signText = get('sign');
  if (!['', 'true', 'false'].includes(signText)) wrong('sign', signText, 'expected true or false');

  const key = get('key');
  if (key !== '' && !KEY.test(key)) {
    wrong('key', key, 'expected letters, digits, dot, underscore and hyphen, 100 at most, not beginning with . or -');
  }

  const cache = pathInput('cache');
  if (cache !== '' && inside(workspace, resolve(workspace, cache))) {
    wrong('cache', cache, 'expected a directory outside of the checkout, such as ${{ runner.temp }}/plugin-gate-cache');
  }

  const attachTo = get('attach-to-release');
  if (attachTo !== '' && !/^[^\s~^:?*[\\]{1,200}$/.test(attachTo)) {
    wrong('attach-to-release', attachTo, 'expected the tag of a draft release, such as v1.2.0');
  }

  const report = pathInput('report');
  if (report !== '' && !inside(workspace, resolve(workingDirectory, report))) {
    wrong('report', report, 'expected a file in the workspace');
  }

  const modeText = get('mode') || 'check';
  const mode = MODES.find((one) => one === modeText);
  if (mode === undefined) wrong('mode', modeText, `expected ${MODES.slice(0, -1).join(', ')} or ${MODES.at(-1)}`);
  const plan = resolve(workingDirectory, pathInput('plan') || 'plugin-gate-plan.json');
  const shard = get('shard');
  if (mode === 'shard' && !SHARD.test(shard)) wrong('shard', shard, 'expected a shard of the plan, such as amd64-001');
  const reports = resolve(workingDirectory, pathInput('reports') || 'plugin-gate-shards');
  const shardsText = get('shards');
  const shards = shardsText === '' ? undefined : Number(shardsText);
  if (shards !== undefined && !(Number.isInteger(shards) && shards >= 1 && shards <= 256)) {
    wrong('shards', shardsText, 'expected a number from 1 to 256');
  }
  const partOf = (): GatePart | undefined => {
    switch (mode) {
      case 'plan':
        return { mode, plan, ...(shards !== undefined && { shards }) };
      case 'shard':
        return { mode, plan, shard };
      case 'merge':
        return { mode, plan, reports };
      case 'check':
      case undefined:
        return undefined;
    }
  };
  const part = partOf();

  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return {
    config,
    workingDirectory,
    token: get('token'),
    ...(comment && { comment }),
    ...(checkRunText !== '' && { checkRun: checkRunText === 'true' }),
    ...(reportDirectory !== '' && { reportDirectory }),
    ...(key !== '' && { key }),
    ...(onlyChangedText === 'true' && { onlyChanged: true }),
    ...(cache !== '' && { cache: resolve(workspace, cache) }),
    ...(attachTo !== '' && { attachTo }),
    ...(report !== '' && { report: resolve(workingDirectory, report) }),
    ...(part && { part }),
    ...(sarifText === 'true' && { sarif: true }),
    ...(signText !== '' && { sign: signText === 'true' }),
  };
}
