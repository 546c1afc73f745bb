import { visibleLine } from '../text/visible.ts';
import { SURFACES, type SurfaceOutcome } from './surface.ts';

type Failed = Extract<SurfaceOutcome, { readonly state: 'failed' }>;

const ELSEWHERE = 'The whole report is in the job summary and in the report files; the verdict is not affected.';

function list(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function names(failed: readonly Failed[]): string {
  return list(failed.map(({ surface }) => `the ${SURFACES[surface].title}`));
}

function permissionText(failed: readonly Failed[], fork: boolean): string {
  const wanted = failed.map(({ surface }) => SURFACES[surface].permission);
  const yaml = ['permissions:', '  contents: read', ...wanted.map(({ name, access }) => `  ${name}: ${access}`)];
  if (fork) {
    return `Could not post ${names(failed)}: the token of a pull request from a fork may only read (missing: ${list(
      wanted.map(({ name, access }) => `${name}: ${access}`),
    )}). This is as it should be; nothing has to be changed.`;
  }
  return `Could not post ${names(failed)}: the token lacks the permission ${list(
    wanted.map(({ name, access }) => `"${name}: ${access}"`),
  )}. Add to the job:\n${yaml.join('\n')}`;
}

function otherText(failed: Failed): string {
  const what = `Could not post the ${SURFACES[failed.surface].title}`;
  const said = visibleLine(failed.failure.message);
  const status = failed.failure.status === undefined ? '' : `${failed.failure.status}: `;
  switch (failed.failure.kind) {
    case 'credentials':
      return `${what}: GitHub does not accept the token (${status}${said}). Check the input "token".`;
    case 'rate-limit':
      return `${what}: GitHub's rate limit is used up (${status}${said}).`;
    case 'unavailable':
      return `${what}: GitHub did not answer as it should (${status}${said}). Run the job again to post it.`;
    case 'refused':
    case 'permission':
      return `${what}: GitHub refused it (${status}${said}).`;
  }
}

/**
 * One notice for everything that could not be posted: what, why, and the very lines to add. Undefined when all went well.
 * @param fork the pull request comes from a fork: more permissions in the workflow would not help
 */
export function postingNotice(outcomes: readonly SurfaceOutcome[], fork: boolean): string | undefined {
  const failed = outcomes.filter((outcome): outcome is Failed => outcome.state === 'failed');
  if (failed.length === 0) return undefined;
  const denied = failed.filter(({ failure }) => failure.kind === 'permission');
  const others = failed.filter(({ failure }) => failure.kind !== 'permission');
  return [...(denied.length > 0 ? [permissionText(denied, fork)] : []), ...others.map(otherText), ELSEWHERE].join('\n');
}
