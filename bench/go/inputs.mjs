// A Go host and ten plugins with a thousand packages in all, and a plugin of 100 MB.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const PLUGINS = 10;
const OWN_PACKAGES = 880;
const OF_EACH_PLUGIN = 88;
const LARGE = 100 * 1024 * 1024;
/** What gateways link, so that the host has the packages of the standard library that real ones have. */
const STANDARD = ['crypto/tls', 'database/sql', 'encoding/json', 'net/http', 'text/template'];

/**
 * Makes the files below a directory unless they are there.
 * @returns paths of the host, the plugins as the host was built, the same built without -trimpath, and the large one
 */
export function makeInputs(directory) {
  const numbers = Array.from({ length: PLUGINS }, (_, at) => at);
  const files = {
    host: join(directory, 'gateway'),
    plugins: numbers.map((at) => join(directory, `plug${at}.so`)),
    refused: numbers.map((at) => join(directory, `refused${at}.so`)),
    large: join(directory, 'large.so'),
  };
  if (existsSync(files.large)) return files;
  writeSources(directory);
  const plugin = ['-buildmode=plugin'];
  go(directory, ['-trimpath', '-o', files.host, './host']);
  for (const at of numbers) {
    go(directory, ['-trimpath', ...plugin, '-o', files.plugins[at], `./plug${at}`]);
    go(directory, [...plugin, '-o', files.refused[at], `./plug${at}`]);
  }
  go(directory, ['-trimpath', ...plugin, '-o', files.large, './large']);
  return files;
}

function go(directory, words) {
  execFileSync('go', ['build', '-buildvcs=false', '-p=2', ...words], {
    cwd: directory,
    stdio: 'inherit',
    env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '', GOWORK: 'off' },
  });
}

function writeSources(directory) {
  const write = (name, text) => {
    const file = join(directory, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  write('go.mod', 'module example.com/gateway\n\ngo 1.19\n');
  const names = Array.from({ length: OWN_PACKAGES }, (_, at) => `p${at}`);
  for (const name of names) {
    write(
      `lib/${name}/${name}.go`,
      `package ${name}\n\ntype Config struct{ Name string }\n\nfunc New() *Config { return &Config{} }\n`,
    );
  }
  const main = (imports, standard, body) =>
    `package main\n\nimport (\n\t"C"\n${[...standard.map((path) => `\t_ "${path}"`), ...imports.map((name) => `\t"example.com/gateway/lib/${name}"`)].join('\n')}\n)\n\n${body}\n\nvar made = []any{${imports.map((name) => `${name}.New()`).join(', ')}}\n`;
  write('host/main.go', main(names, [...STANDARD, 'plugin'], 'func main() { println(len(made)) }'));
  for (let at = 0; at < PLUGINS; at += 1) {
    const own = names.slice(at * OF_EACH_PLUGIN, (at + 1) * OF_EACH_PLUGIN);
    const standard = at % 2 === 0 ? ['net/http'] : ['encoding/json'];
    write(`plug${at}/main.go`, main(own, standard, 'func Probe() error { return nil }\n\nfunc main() {}'));
  }
  write('large/content.bin', Buffer.alloc(LARGE, 'plugin'));
  write(
    'large/main.go',
    'package main\n\nimport "C"\nimport _ "embed"\n\n//go:embed content.bin\nvar Content []byte\n\nfunc main() {}\n',
  );
}
