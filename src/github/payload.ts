/** Reads single fields out of event payloads, which are JSON of any shape as far as we know. */

export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

/** A value inside of parsed JSON; undefined where the way ends. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[key];
  }
  return here;
}

/** A text inside of parsed JSON that is not empty. */
export function text(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** A commit id of SHA-1 or SHA-256 repositories; anything else is as if it were not there. */
export function sha(value: unknown, ...path: readonly string[]): string | undefined {
  const found = text(value, ...path);
  return found !== undefined && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(found) ? found : undefined;
}

/** `owner/name`, with the characters that GitHub allows. */
export function repositoryOf(name: string | undefined): Repository | undefined {
  const match = /^([A-Za-z0-9_.-]+)\/([A-Za-z0-9_.-]+)$/.exec(name ?? '');
  return match?.[1] && match[2] ? { owner: match[1], repo: match[2] } : undefined;
}
