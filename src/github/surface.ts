import { type ApiFailure, apiFailure } from './failure.ts';

/** A permission of the workflow token as `permissions:` in a workflow names it. */
export interface Permission {
  readonly name: 'pull-requests' | 'checks' | 'security-events' | 'statuses' | 'contents';
  readonly access: 'write';
}

/** The places where a report is posted; each stands and fails alone. */
export const SURFACES = {
  comment: { title: 'comment on the pull request', permission: { name: 'pull-requests', access: 'write' } },
  'check-run': { title: 'check run', permission: { name: 'checks', access: 'write' } },
  sarif: { title: 'code scanning results', permission: { name: 'security-events', access: 'write' } },
  release: { title: 'files of the draft release', permission: { name: 'contents', access: 'write' } },
  status: { title: 'commit status', permission: { name: 'statuses', access: 'write' } },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly permission: Permission }>>;

export type Surface = keyof typeof SURFACES;

export type SurfaceOutcome =
  | { readonly surface: Surface; readonly state: 'posted'; readonly detail: string; readonly url?: string }
  | { readonly surface: Surface; readonly state: 'skipped'; readonly reason: string }
  | { readonly surface: Surface; readonly state: 'failed'; readonly failure: ApiFailure };

/** Runs one surface; whatever goes wrong there is told, and takes nothing else with it. */
export async function attempt(
  surface: Surface,
  post: () => Promise<{ readonly detail: string; readonly url?: string }>,
): Promise<SurfaceOutcome> {
  try {
    return { surface, state: 'posted', ...(await post()) };
  } catch (error) {
    return { surface, state: 'failed', failure: apiFailure(error, Date.now()) };
  }
}
