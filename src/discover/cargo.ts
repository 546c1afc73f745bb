import { asName, type Candidate } from './candidate.ts';
import { baseOf, directoryOf, type Repository } from './repository.ts';

/** Rust crates of type cdylib. */
export function findCargoPlugins(repository: Repository): Candidate[] {
  const files = repository.files.filter((file) => baseOf(file) === 'Cargo.toml');
  const workspaces = files.filter((file) => /^\[workspace\]/m.test(repository.read(file))).map(directoryOf);
  return files.flatMap((file): Candidate[] => {
    const text = repository.read(file).replaceAll(/^\s*#[^\n]*/gm, '');
    const lib = sectionOf(text, 'lib');
    const types = /^crate-type\s*=\s*\[([^\]]*)\]/m.exec(lib)?.[1] ?? '';
    const crate = stringOf(sectionOf(text, 'package'), 'name');
    if (!/["']cdylib["']/.test(types) || crate === undefined) return [];
    const directory = directoryOf(file);
    const root =
      workspaces.find((one) => one === '.' || directory === one || directory.startsWith(`${one}/`)) ?? directory;
    const library = stringOf(lib, 'name') ?? crate.replaceAll('-', '_');
    const locked = repository.files.includes(root === '.' ? 'Cargo.lock' : `${root}/Cargo.lock`);
    return [
      {
        name: asName(crate),
        kind: 'elf',
        artifact: `${root === '.' ? '' : `${root}/`}target/release/lib${library}.so`,
        build: {
          directory: root,
          commands: [['cargo', 'build', '--release', '--package', crate, ...(locked ? ['--locked'] : [])]],
        },
        evidence: `${file}: crate-type cdylib`,
      },
    ];
  });
}

/** The lines of a TOML table. */
function sectionOf(text: string, name: string): string {
  const start = text.search(new RegExp(`^\\[${name}\\]`, 'm'));
  if (start < 0) return '';
  const body = text.slice(start).replace(/^[^\n]*\n?/, '');
  const end = body.search(/^\[/m);
  return end < 0 ? body : body.slice(0, end);
}

function stringOf(section: string, key: string): string | undefined {
  return new RegExp(`^${key}\\s*=\\s*["']([A-Za-z0-9_-]+)["']`, 'm').exec(section)?.[1];
}
