import { UsageError } from '../errors.ts';

/** Values for the words in braces of paths and commands. */
export interface Tokens {
  /** Name of the plugin. */
  readonly name: string;
  /** In Go's terms: `linux`. */
  readonly os: string;
  /** In Go's terms: `amd64`, `arm64`. */
  readonly arch: string;
  readonly version?: string;
  /** Path of the artifact, for what lies beside it. */
  readonly artifact?: string;
}

const TOKEN_NAMES = ['name', 'os', 'arch', 'version', 'artifact'] as const;

/** Tokens of a plugin for one target such as `linux/amd64`. */
export function tokensFor(name: string, target: string, version?: string): Tokens {
  const [os = '', arch = ''] = target.split('/');
  return { name, os, arch, version };
}

/**
 * A path with `{name}`, `{os}`, `{arch}`, `{version}`, `{artifact}` replaced. Every other use of braces is an error,
 * and so is a value that would lead to another directory than the text shows.
 * @param where the key it comes from, for the error, such as `artifact of plugin greet`
 * @throws UsageError
 */
export function expandTokens(path: string, tokens: Tokens, where: string): string {
  return path.replaceAll(/\{([^{}]*)\}/g, (_, word: string) => {
    const name = TOKEN_NAMES.find((known) => known === word);
    if (name === undefined) {
      const allowed = TOKEN_NAMES.map((known) => `{${known}}`).join(', ');
      throw new UsageError(`${where}: {${word}} is not known; the words that are replaced are ${allowed}.`);
    }
    const value = tokens[name];
    if (value === undefined)
      throw new UsageError(`${where}: {${name}} is used, but the configuration gives no ${name}.`);
    if (name !== 'artifact' && (value.includes('/') || value === '..' || value.includes('\0'))) {
      throw new UsageError(`${where}: the ${name} ${JSON.stringify(value)} cannot be part of a path.`);
    }
    return value;
  });
}

/**
 * A word of a command line with the known tokens replaced. Other braces stay as they are, since commands use them for
 * themselves (`awk '{print}'`, `${name}` in a shell); so does a token without a value.
 */
export function expandWord(word: string, tokens: Tokens): string {
  return word.replaceAll(/(?<!\$)\{(name|os|arch|version|artifact)\}/g, (whole, name: string) => {
    const known = TOKEN_NAMES.find((token) => token === name);
    return (known === undefined ? undefined : tokens[known]) ?? whole;
  });
}
