/** The key of a gate that was given none. */
export const DEFAULT_KEY = 'default';

/**
 * The name under which the check run is listed, for example in the rules of a branch. What a pull request reports of
 * itself never goes by the name that a branch may require.
 */
export function checkRunName(key: string, unproven = false): string {
  const about = [...(key === DEFAULT_KEY ? [] : [key]), ...(unproven ? ['reported by the pull request'] : [])];
  return about.length === 0 ? 'plugin-gate' : `plugin-gate (${about.join(', ')})`;
}
