import { z } from 'zod';

/**
 * The forms that single values of the configuration have. Each says in its error what it expects, beginning with
 * `expected`: the loader adds what it found and where. What zod checks by code is given again as a `pattern`, so that
 * the JSON Schema refuses the same values.
 */

const MAX_TEXT = 4096;
const MAX_PATH = 1024;

/** No control characters; they would only serve to deceive who reads the configuration or a report. */
const PRINTABLE = '[^\\u0000-\\u001f\\u007f]';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** At most 99h or 9999m: far below the 24 days at which a timer of Node overflows. */
const DURATION = /^(?:[1-9][0-9]{0,5}ms|[1-9][0-9]{0,4}s|[1-9][0-9]{0,3}m|[1-9][0-9]?h)$/;

/** Milliseconds of `500ms`, `30s`, `10m` or `1h`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  const unit = text.replace(/^[0-9]+/, '');
  return Number.parseInt(text, 10) * (UNIT_MS[unit] ?? Number.NaN);
}

/** A duration; comes out as milliseconds. */
export function duration(description: string) {
  const expected = 'expected a duration such as 500ms, 30s, 10m or 1h';
  return z
    .string({ error: expected })
    .regex(DURATION, { error: expected })
    .meta({ description })
    .transform((text) => parseDuration(text) ?? 0);
}

/** Why a path may not stand in the configuration, or undefined. Says nothing about what is on the disk. */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'expected a path, found an empty text';
  if (path.length > MAX_PATH) return `expected a path of at most ${MAX_PATH} characters`;
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'expected a path without control characters';
  if (path.startsWith('/')) return 'expected a path inside the repository, relative to the configuration file';
  if (path.split('/').includes('..')) return 'expected a path that stays inside the repository, without ..';
  return undefined;
}

/** Names that `{name}` style tokens in a text use. */
export function tokensOf(text: string): string[] {
  return [...text.matchAll(/\{([A-Za-z0-9_-]*)\}/g)].map((match) => match[1] ?? '');
}

export const TARGET_TOKENS = ['name', 'os', 'arch', 'version'] as const;

const INSIDE = '(?!/)(?!(?:[\\s\\S]*/)?\\.\\.(?:/|$))';

/** A path inside the repository; `tokens` are the words that may stand in braces. */
export function repositoryPath(description: string, tokens: readonly string[] = []) {
  const piece = tokens.length === 0 ? PRINTABLE : `(?:[^\\u0000-\\u001f\\u007f{}]|\\{(?:${tokens.join('|')})\\})`;
  const allowed = tokens.map((token) => `{${token}}`).join(', ');
  return z
    .string({ error: 'expected a path inside the repository' })
    .superRefine((path, context) => {
      let message = pathProblem(path);
      if (message === undefined && tokens.length > 0) {
        const unknown = tokensOf(path).find((token) => !tokens.includes(token));
        if (unknown !== undefined) message = `expected only the tokens ${allowed}, found {${unknown}}`;
        else if (/[{}]/.test(path.replaceAll(/\{[a-z]+\}/g, '')))
          message = `expected braces only around a token (${allowed})`;
      }
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ description, pattern: `^${INSIDE}${piece}+$`, maxLength: MAX_PATH });
}

/** A path that may lie outside the repository, such as a host installed on the runner. */
export function anyPath(description: string) {
  const expected = 'expected a path';
  return z
    .string({ error: expected })
    .max(MAX_PATH, { error: `expected a path of at most ${MAX_PATH} characters` })
    .regex(new RegExp(`^${PRINTABLE}+$`), { error: `${expected} that is not empty and has no control characters` })
    .meta({ description });
}

const NO_NUL = /^[^\u0000]*$/;

/** A text that is not empty. A NUL can be given to no program and stands in no certificate. */
export function text(description: string, expected = 'expected a text; put numbers and true or false in quotes') {
  return z
    .string({ error: expected })
    .min(1, { error: 'expected a text that is not empty' })
    .max(MAX_TEXT, { error: `expected at most ${MAX_TEXT} characters` })
    .regex(NO_NUL, { error: 'expected a text without NUL characters' })
    .meta({ description });
}

/** A text that may be empty, such as a compiler's flags. */
export function flags(description: string) {
  return z
    .string({ error: 'expected a text; put numbers and true or false in quotes' })
    .max(MAX_TEXT, { error: `expected at most ${MAX_TEXT} characters` })
    .regex(NO_NUL, { error: 'expected a text without NUL characters' })
    .meta({ description });
}

export const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

export function name(description: string) {
  const expected = 'expected a name of letters, digits, dot, underscore and hyphen that does not begin with . or -';
  return z.string({ error: expected }).regex(NAME, { error: expected }).meta({ description });
}

export function symbolName(description: string) {
  const expected = 'expected the name of a symbol, without spaces';
  return z
    .string({ error: expected })
    .regex(/^[^\s\u0000-\u001f\u007f]{1,4096}$/, { error: expected })
    .meta({ description });
}

export function flag(description: string) {
  return z.boolean({ error: 'expected true or false' }).meta({ description });
}

/** Semantic Versioning 2.0.0, the expression that semver.org suggests. */
const SEMVER =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

export function semanticVersion(description: string) {
  const expected = 'expected a semantic version such as "1.2.0", in quotes and without v';
  return z
    .string({ error: expected })
    .max(256, { error: expected })
    .regex(SEMVER, { error: expected })
    .meta({ description });
}

/** Systems that the gate reads and loads, in Go's terms (GOOS/GOARCH). */
export const TARGETS = [
  'linux/386',
  'linux/amd64',
  'linux/arm',
  'linux/arm64',
  'linux/loong64',
  'linux/ppc64',
  'linux/ppc64le',
  'linux/riscv64',
  'linux/s390x',
] as const;
export type Target = (typeof TARGETS)[number];

export function target(description: string) {
  return z
    .enum(TARGETS, { error: 'expected a system and architecture in Go terms, such as linux/amd64 or linux/arm64' })
    .meta({ description });
}
