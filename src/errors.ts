/** The user can mend it: wrong arguments, wrong configuration. Exit 2. The message is for the person who must act. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The machine is broken: no compiler, disk full, a file vanished. Exit 4. The message says what to do. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** By name, not by class: the bundles in dist/ each have their own copy of the class. */
export function isUsageError(error: unknown): error is UsageError {
  return error instanceof Error && error.name === 'UsageError';
}

/** See {@link isUsageError}. */
export function isEnvironmentError(error: unknown): error is EnvironmentError {
  return error instanceof Error && error.name === 'EnvironmentError';
}
