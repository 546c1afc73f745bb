import { asName, type Candidate } from './candidate.ts';
import { baseOf, directoryOf, outermost, type Repository } from './repository.ts';

/** Libraries that a CMakeLists.txt declares as MODULE or SHARED. */
export function findCmakePlugins(repository: Repository): Candidate[] {
  const files = repository.files.filter((file) => baseOf(file) === 'CMakeLists.txt');
  return files.flatMap((file) => inFile(repository, file, files));
}

function inFile(repository: Repository, file: string, files: readonly string[]): Candidate[] {
  const text = repository.read(file).replaceAll(/#[^\n]*/g, '');
  const directory = directoryOf(file);
  const top = outermost(directory, files, 'CMakeLists.txt');
  const project = /\bproject\s*\(\s*([A-Za-z0-9_.+-]+)/i.exec(text)?.[1];
  const build = top === '.' ? 'build' : `${top}/build`;
  const below = directory === top ? '' : `${top === '.' ? directory : directory.slice(top.length + 1)}/`;
  return [...text.matchAll(/\badd_library\s*\(\s*([^\s)]+)\s+(MODULE|SHARED)\b/gi)].flatMap((match): Candidate[] => {
    const [, written = '', type = ''] = match;
    const target = written.replace(/^\$\{(?:PROJECT_NAME|CMAKE_PROJECT_NAME)\}$/, project ?? '');
    if (!/^[A-Za-z0-9_.+-]+$/.test(target)) return [];
    const name = propertyOf(text, target, 'OUTPUT_NAME') ?? target;
    const prefix = propertyOf(text, target, 'PREFIX') ?? 'lib';
    const line = text.slice(0, match.index).split('\n').length;
    return [
      {
        name: asName(name),
        kind: 'elf',
        artifact: `${build}/${below}${prefix}${name}.so`,
        build: {
          directory: '.',
          commands: [
            ['cmake', '-S', top, '-B', build, '-DCMAKE_BUILD_TYPE=RelWithDebInfo'],
            ['cmake', '--build', build, '--target', target],
          ],
        },
        evidence: `${file}:${line}: add_library(${target} ${type.toUpperCase()})`,
      },
    ];
  });
}

function propertyOf(text: string, target: string, property: string): string | undefined {
  const calls = text.matchAll(/\bset_target_properties\s*\(([^)]{0,4000})\)/gi);
  for (const [, body = ''] of calls) {
    const [targets = '', properties = ''] = body.split(/\bPROPERTIES\b/i);
    if (!targets.split(/\s+/).includes(target)) continue;
    const [, quoted, bare] =
      new RegExp(`\\b${property}\\s+(?:"([A-Za-z0-9_.+-]*)"|([A-Za-z0-9_.+-]+))`).exec(properties) ?? [];
    if (quoted !== undefined || bare !== undefined) return quoted ?? bare;
  }
  return undefined;
}
