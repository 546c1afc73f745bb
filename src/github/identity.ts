import type { GitHubClient } from './client.ts';
import { apiFailure } from './failure.ts';

/** Whose comments the token of a workflow run makes. */
const ACTIONS_LOGIN = 'github-actions[bot]';

/** `x[bot]` and `x` name the same app: REST and GraphQL spell it differently. */
export function sameLogin(left: string, right: string): boolean {
  const plain = (login: string) => login.toLowerCase().replace(/\[bot\]$/, '');
  return plain(left) === plain(right);
}

/**
 * The login under which the token writes. `GET /user` refuses the tokens of apps, the workflow's own among them;
 * GraphQL's `viewer` answers for every kind of token. Where it is not to be had, the workflow's own is assumed: at worst
 * a comment of another app is not found and a second one is made; a stranger's comment is never taken for ours.
 */
export async function tokenLogin(client: GitHubClient): Promise<string> {
  try {
    const answer = await client.graphql<{ viewer?: { login?: unknown } }>('query { viewer { login } }', {
      request: { repeatable: true },
    });
    const login = answer.viewer?.login;
    return typeof login === 'string' && login !== '' ? login : ACTIONS_LOGIN;
  } catch (error) {
    if (apiFailure(error, Date.now()).kind === 'credentials') throw error;
    return ACTIONS_LOGIN;
  }
}
