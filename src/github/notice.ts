import { visibleLine } from '../text/visible.ts';
import { SURFACES, type Surface, type SurfaceOutcome } from './surface.ts';

type Failed = Extract<SurfaceOutcome, { readonly state: 'failed' }>;

const ELSEWHERE = 'The whole report is in the job summary and in the report files; the verdict is not affected.';

function list(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function permissionName(surface: Surface): string {
  const { name, access } = SURFACES[surface].permission;
  return `${name}: ${access}`;
}

function names(failed: readonly Failed[]): string {
  return list(failed.map(({ surface }) => `the ${SURFACES[surface].title}`));
}

/** All that the job uses, not only what is missing: `permissions:` of a job replaces what it had. */
function yamlFor(outcomes: readonly SurfaceOutcome[]): string {
  const used = outcomes.filter(({ state }) => state !== 'skipped').map(({ surface }) => SURFACES[surface].permission);
  const needed = new Map<string, string>([
    ['contents', 'read'],
    ...used.map(({ name, access }) => [name, access] as const),
  ]);
  return ['permissions:', ...[...needed].map(([name, access]) => `  ${name}: ${access}`)].join('\n');
}

function permissionText(denied: readonly Failed[], outcomes: readonly SurfaceOutcome[], fork: boolean): string {
  const what = `Could not post ${names(denied)}`;
  const missing = list(denied.map(({ surface }) => `"${permissionName(surface)}"`));
  if (fork) {
    return `${what}: the token of a pull request from a fork may only read (missing: ${missing}). This is as it should be; nothing has to be changed.`;
  }
  return `${what}: the token lacks the permission ${missing}. The job needs:\n${yamlFor(outcomes)}`;
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
  return [
    ...(denied.length > 0 ? [permissionText(denied, outcomes, fork)] : []),
    ...others.map(otherText),
    ELSEWHERE,
  ].join('\n');
}
