import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a directory by the end of their names. */
export function filesIn(directory: string, ending: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(directory, name));
}

/** Pages of the documentation. */
export const pages = ['README.md', ...filesIn('docs', '.md')].filter((file) => existsSync(file));

/** Every workflow of the repository, and every one that the documentation gives to copy. */
export const workflows: [string, string][] = [
  ...filesIn('.github/workflows', '.yml').map((file): [string, string] => [file, readFileSync(file, 'utf8')]),
  ...pages.flatMap((file) => {
    const blocks = [...readFileSync(file, 'utf8').matchAll(/^```ya?ml\n([\s\S]*?)^```$/gm)].map(
      ([, text]) => text ?? '',
    );
    const whole = blocks.filter((text) => /^on:/m.test(text) && /^jobs:/m.test(text));
    return whole.map((text, index): [string, string] => [`${file}, block ${index + 1}`, text]);
  }),
];
