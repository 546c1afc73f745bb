// The pairs that are compared, made from public sources and kept in a directory for the next run.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Debian releases: the one of this machine, and another for the pair of libstdc++. */
const OTHER_RELEASE = { bookworm: 'trixie', trixie: 'bookworm' };
const PROTOBUF = { package: 'protobuf', version: '3.21.12' };
const SQLITE = { crate: 'libsqlite3-sys', version: '0.30.1' };

function run(argv, options = {}) {
  const [program, ...args] = argv;
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', ...options });
  if (error !== undefined) throw new Error(`${program} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}:\n${String(stderr).slice(-2000)}`);
}

/** Makes a directory with `make`, whole or not at all. */
function once(directory, make) {
  if (existsSync(directory)) return directory;
  const temporary = `${directory}.part`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  make(temporary);
  renameSync(temporary, directory);
  return directory;
}

/** A configuration of apt for another suite, derived from the sources of this machine, which stay as they are. */
function aptFor(suite, directory) {
  return once(join(directory, `apt-${suite}`), (made) => {
    for (const part of ['parts', 'lists/partial', 'cache/archives/partial'])
      mkdirSync(join(made, part), { recursive: true });
    const own = codename();
    const from = '/etc/apt/sources.list.d';
    const sources = existsSync(from) ? readdirSync(from).filter((name) => name.endsWith('.sources')) : [];
    for (const name of sources) {
      const text = readFileSync(join(from, name), 'utf8')
        .replace(/^Types:.*$/gm, 'Types: deb deb-src')
        .replaceAll(own, suite);
      writeFileSync(join(made, 'parts', name), text);
    }
    writeConfiguration(made, made);
    run(['apt-get', 'update', '-qq'], { env: { ...process.env, APT_CONFIG: join(made, 'apt.conf') } });
    writeConfiguration(made, join(directory, `apt-${suite}`));
  });
}

function writeConfiguration(made, home) {
  const settings = {
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': join(home, 'parts'),
    'Dir::State::lists': join(home, 'lists'),
    'Dir::Cache': join(home, 'cache'),
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";\n`);
  writeFileSync(join(made, 'apt.conf'), lines.join(''));
}

function codename() {
  const found = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'));
  if (found === null) throw new Error('The pairs are made from packages of Debian; this machine is none.');
  return found[1];
}

function apt(suite, directory, words, cwd) {
  const home = aptFor(suite, directory);
  run(['apt-get', '-q', ...words], { cwd, env: { ...process.env, APT_CONFIG: join(home, 'apt.conf') } });
}

/** libstdc++ with its debug information, of two Debian releases. */
export function libstdcxx(directory) {
  const own = codename();
  const suites = ['bookworm', OTHER_RELEASE.bookworm].includes(own) ? ['bookworm', 'trixie'] : [own];
  const files = suites.map((suite) => {
    const made = once(join(directory, `libstdcxx-${suite}`), (at) => {
      const version = { bookworm: '12', trixie: '14' }[suite];
      apt(suite, directory, ['download', `libstdc++6-${version}-dbg`], at);
      for (const name of readdirSync(at).filter((one) => one.endsWith('.deb')))
        run(['dpkg-deb', '-x', join(at, name), at]);
    });
    return fileBelow(made, /\/debug\/libstdc\+\+\.so\.6\.[0-9.]+$/);
  });
  return { name: 'libstdc++ of two Debian releases', old: files[0], new: files[1] };
}

/** protobuf of Debian's source without optimisation; in the new one a class has a member more. */
export function protobuf(directory) {
  const made = once(join(directory, 'protobuf'), (at) => {
    apt(codename(), directory, ['source', '--download-only', PROTOBUF.package], at);
    run(['tar', 'xf', basename(fileBelow(at, /\.orig\.tar\.gz$/))], { cwd: at });
    const source = join(at, readdirSync(at).find((name) => name.startsWith('protobuf-')) ?? '');
    for (const release of ['old', 'new']) {
      const copy = join(at, release);
      cpSync(source, copy, { recursive: true });
      if (release === 'new') {
        const header = join(copy, 'src/google/protobuf/descriptor.h');
        edit(header, '  // See constructor.\n  DescriptorDatabase* fallback_database_;', '  int added_ = 0;\n');
      }
      const options = ['TESTS', 'PROTOC_BINARIES', 'LIBPROTOC'].map((part) => `-Dprotobuf_BUILD_${part}=OFF`);
      const flags = ['-DCMAKE_BUILD_TYPE=Debug', '-DCMAKE_CXX_FLAGS_DEBUG=-g -O0', '-DBUILD_SHARED_LIBS=ON'];
      run(['cmake', '-S', copy, '-B', join(copy, 'b'), ...flags, ...options]);
      run(['cmake', '--build', join(copy, 'b'), '--target', 'libprotobuf', '--parallel', '2']);
    }
  });
  const library = /\/b\/libprotobufd?\.so\.[0-9.]+$/;
  return {
    name: 'protobuf, one class changed',
    old: fileBelow(join(made, 'old', 'b'), library),
    new: fileBelow(join(made, 'new', 'b'), library),
  };
}

/** The amalgamation of SQLite; in the new one a struct of its public header has a member more. */
export function sqlite(directory) {
  const made = once(join(directory, 'sqlite'), (at) => {
    mkdirSync(join(at, 'src'));
    writeFileSync(join(at, 'src', 'lib.rs'), '');
    writeFileSync(
      join(at, 'Cargo.toml'),
      `[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n${SQLITE.crate} = "=${SQLITE.version}"\n`,
    );
    run(['cargo', 'vendor', '-q', 'vendor'], { cwd: at });
    const source = join(at, 'vendor', SQLITE.crate, 'sqlite3', 'sqlite3.c');
    for (const release of ['old', 'new']) {
      const copy = join(at, `${release}.c`);
      cpSync(source, copy);
      if (release === 'new') edit(copy, '  sqlite3_int64 estimatedRows;    /* Estimated', '  int added;\n');
      run([
        'cc',
        '-g',
        '-O2',
        '-fPIC',
        '-shared',
        '-DSQLITE_ENABLE_FTS5',
        '-o',
        join(at, `${release}.so`),
        copy,
        '-lm',
      ]);
    }
  });
  return { name: 'SQLite, one struct changed', old: join(made, 'old.so'), new: join(made, 'new.so') };
}

/** C++ sources made up: classes that refer to each other, and functions that take them. */
export function generated(directory, count) {
  const made = once(join(directory, `generated-${count}`), (at) => {
    for (const release of ['old', 'new']) {
      const source = join(at, `${release}.cc`);
      writeFileSync(source, sourceOf(count, release === 'new'));
      run(['c++', '-g', '-O0', '-fPIC', '-shared', '-o', join(at, `${release}.so`), source]);
    }
  });
  return { name: `${count} generated classes`, old: join(made, 'old.so'), new: join(made, 'new.so') };
}

function sourceOf(count, changed) {
  const classes = Array.from({ length: count }, (_, at) => {
    const other = (step) => `class_${(at * 7 + step) % count}`;
    const more = changed && at === count >> 1 ? '  int added;\n' : '';
    const members = Array.from({ length: 12 }, (_, m) => `  ${m % 3 === 0 ? `${other(m)} *` : 'long '}field_${m};\n`);
    return `struct class_${at} {\n${more}${members.join('')}  virtual int first(${other(1)} &one, int two);\n  int second(const ${other(2)} *one) const;\n};\n`;
  });
  const bodies = Array.from({ length: count }, (_, at) => {
    const other = (step) => `class_${(at * 7 + step) % count}`;
    return `int class_${at}::first(${other(1)} &one, int two) { return two + (int)one.field_1; }\nint class_${at}::second(const ${other(2)} *one) const { return (int)one->field_1; }\n`;
  });
  const names = Array.from({ length: count }, (_, at) => `struct class_${at};\n`);
  return [...names, ...classes, ...bodies].join('');
}

function edit(file, before, added) {
  const text = readFileSync(file, 'utf8');
  if (text.split(before).length !== 2) throw new Error(`${file} is not as expected: another version?`);
  writeFileSync(file, text.replace(before, `${added}${before}`));
}

function fileBelow(directory, pattern) {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && pattern.test(path)) return path;
  }
  throw new Error(`There is no file like ${pattern} below ${directory}.`);
}
