import { asName, type Candidate } from './candidate.ts';
import { baseOf, directoryOf, outermost, type Repository } from './repository.ts';

/** `shared_module` and `shared_library` of Meson. */
export function findMesonPlugins(repository: Repository): Candidate[] {
  const files = repository.files.filter((file) => baseOf(file) === 'meson.build');
  return files.flatMap((file) => {
    const text = repository.read(file).replaceAll(/#[^\n]*/g, '');
    const directory = directoryOf(file);
    const top = outermost(directory, files, 'meson.build');
    const build = top === '.' ? 'build' : `${top}/build`;
    const below = directory === top ? '' : `${top === '.' ? directory : directory.slice(top.length + 1)}/`;
    return [...text.matchAll(/\b(shared_module|shared_library)\s*\(\s*'([A-Za-z0-9_.+-]+)'([^)]{0,4000})/g)].map(
      (match): Candidate => {
        const [, call = '', target = '', rest = ''] = match;
        const prefix = /\bname_prefix\s*:\s*'([A-Za-z0-9_.+-]*)'/.exec(rest)?.[1] ?? 'lib';
        const line = text.slice(0, match.index).split('\n').length;
        return {
          name: asName(target),
          kind: 'elf',
          artifact: `${build}/${below}${prefix}${target}.so`,
          build: {
            directory: '.',
            commands: [
              ['meson', 'setup', '--buildtype=debugoptimized', build, top],
              ['meson', 'compile', '-C', build],
            ],
          },
          evidence: `${file}:${line}: ${call}('${target}')`,
        };
      },
    );
  });
}
