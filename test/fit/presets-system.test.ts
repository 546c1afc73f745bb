import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { PresetName } from '../../src/fit/presets/names.ts';
import { checkPreset } from '../../src/fit/presets/preset.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { loadFile, told } from './load-file.ts';

/** Plugins that Debian and Ubuntu ship, in the hosts that they ship them for. */
const LIB = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/lib/x86_64-linux-gnu'];
const NGINX = '/usr/sbin/nginx';
const NGINX_MODULES = '/usr/lib/nginx/modules';
const POSTGRES = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').sort().at(-1) : undefined;
const SERVER = `/usr/lib/postgresql/${POSTGRES}/bin/postgres`;
const EXTENSIONS = `/usr/lib/postgresql/${POSTGRES}/lib`;
const SECURITY = LIB.map((directory) => join(directory, 'security')).find((directory) => existsSync(directory));
const LADSPA = '/usr/lib/ladspa';

function modulesIn(directory: string | undefined): readonly string[] {
  if (directory === undefined || !existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.so'))
    .map((name) => join(directory, name));
}

/** Files that a preset does not simply take, with what it says of them. */
function strange(preset: PresetName, files: readonly string[], host?: string): readonly string[] {
  const program = host === undefined ? undefined : loadFile(host);
  return files.flatMap((file) =>
    told(checkPreset(preset, loadFile(file), program).filter(({ severity }) => severity !== 'note')).map(
      (text) => `${file}: ${text}`,
    ),
  );
}

const needs = (there: boolean, name: string): readonly string[] => (there ? [] : [name]);
const directory = workspace();

describeWith(needs(existsSync(NGINX) && modulesIn(NGINX_MODULES).length > 0, 'libnginx-mod-http-echo'), 'nginx', () => {
  it('takes the modules of its distribution, as nginx -t does', () => {
    expect(strange('nginx', modulesIn(NGINX_MODULES), NGINX)).toEqual([]);
    for (const module of modulesIn(NGINX_MODULES)) expect(nginxSays(directory, module)).toBe('loads');
  });

  it('tells what a module was built for, which is what nginx -v says', () => {
    const [module = ''] = modulesIn(NGINX_MODULES);
    const [found] = checkPreset('nginx', loadFile(module), undefined);
    const version = /nginx\/(\S+)/.exec(spawnSync(NGINX, ['-v'], { encoding: 'utf8' }).stderr)?.[1];
    expect(found).toMatchObject({ rule: 'fit/built-for', severity: 'note', new: version });
  });

  it('refuses a module of another version, and one that was configured differently, as nginx does', () => {
    const own = checkPreset('nginx', loadFile(modulesIn(NGINX_MODULES)[0] ?? ''), undefined)[0];
    const [, version = '', signature = ''] = /nginx (\S+), with the signature (\S+)\./.exec(own?.message ?? '') ?? [];
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
    const number = major * 1_000_000 + minor * 1000 + patch;
    const other = `${signature.slice(0, -2)}${signature.at(-2) === '1' ? '0' : '1'}${signature.at(-1)}`;
    const cases = [
      ['fits', number, signature, 'loads', []],
      [
        'newer',
        number + 1000,
        signature,
        `version ${number + 1000} instead of ${number}`,
        ['error fit/interface-version nginx version'],
      ],
      ['options', number, other, 'not binary compatible', ['error fit/interface-version nginx signature']],
    ] as const;
    for (const [name, built, text, answer, expected] of cases) {
      const file = nginxModule(directory, name, built, text);
      expect(nginxSays(directory, file)).toContain(answer);
      expect(told(checkPreset('nginx', loadFile(file), loadFile(NGINX)))).toEqual(expected);
    }
  });
});

/** A module that does nothing, with the layout of ngx_module_t. */
function nginxModule(directory: string, name: string, version: number, signature: string): string {
  const source = join(directory, `${name}.c`);
  writeFileSync(
    source,
    `struct module { unsigned long index[2]; char *name; unsigned long spare[2]; unsigned long version;
       const char *signature; void *rest[18]; };
     #define NONE (unsigned long)-1
     static void *context[8];
     struct module own = { { NONE, NONE }, 0, { 0, 0 }, ${version}, "${signature}",
       { context, (void *[8]){ 0 }, (void *)0x50545448UL } };
     struct module *ngx_modules[] = { &own, 0 };
     char *ngx_module_names[] = { "own_${name}", 0 };
     char *ngx_module_order[] = { 0 };`,
  );
  const file = join(directory, `${name}.so`);
  execFileSync('cc', ['-shared', '-fPIC', '-w', '-o', file, source]);
  return file;
}

/** What `nginx -t` says of a configuration that loads the module: `loads`, or its errors. */
function nginxSays(directory: string, module: string): string {
  mkdirSync(join(directory, 'logs'), { recursive: true });
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(
    configuration,
    `load_module ${module};\npid ${directory}/nginx.pid;\nerror_log ${directory}/error.log;\nevents {}\n`,
  );
  const { status, stderr } = spawnSync(NGINX, ['-t', '-p', directory, '-c', configuration], { encoding: 'utf8' });
  return status === 0 ? 'loads' : stderr;
}

describeWith(needs(POSTGRES !== undefined && existsSync(SERVER), 'postgresql'), 'PostgreSQL', () => {
  /** Libraries beside the modules, which no LOAD is meant for. */
  const modules = modulesIn(EXTENSIONS).filter((file) =>
    loadFile(file).image.symbols.some(({ name }) => name === 'Pg_magic_func'),
  );

  it('takes the modules of its distribution', () => {
    expect(modules.length).toBeGreaterThan(20);
    expect(strange('postgresql', modules, SERVER)).toEqual([]);
  });

  it('reads their version', () => {
    const [found] = checkPreset('postgresql', loadFile(modules[0] ?? ''), undefined);
    expect(found).toMatchObject({ rule: 'fit/built-for', new: POSTGRES });
  });

  it('refuses modules of another version or ABI, and takes look-alikes, however they are compiled', () => {
    const cases = [
      ['alike', POSTGRES, 64, 'PostgreSQL', []],
      ['older', Number(POSTGRES) - 1, 64, 'PostgreSQL', ['error fit/interface-version Pg_magic_func']],
      ['names', POSTGRES, 128, 'PostgreSQL', ['error fit/interface-version Pg_magic_func']],
      ['fork', POSTGRES, 64, 'OtherDB', ['error fit/interface-version Pg_magic_func']],
    ] as const;
    for (const [name, version, length, extra, expected] of cases) {
      const source = join(directory, `${name}.c`);
      writeFileSync(
        source,
        `struct magic { int length, version, arguments, keys, names, by_value; char extra[32]; };
         const struct magic *Pg_magic_func(void) {
           static const struct magic data = { sizeof(struct magic), ${version} * 100, 100, 32, ${length}, 1, "${extra}" };
           return &data;
         }
         const void *pg_finfo_add(void) { static const int one = 1; return &one; }
         int add(void) { return 1; }`,
      );
      for (const flag of ['-O0', '-O2', '-fno-omit-frame-pointer']) {
        const file = join(directory, `${name}${flag}.so`);
        execFileSync('cc', ['-shared', '-fPIC', flag, '-o', file, source]);
        expect(told(checkPreset('postgresql', loadFile(file), loadFile(SERVER)))).toEqual(expected);
      }
    }
  });
});

describeWith(needs(SECURITY !== undefined, 'libpam-modules'), 'PAM', () => {
  it('takes the modules of the distribution', () => {
    expect(modulesIn(SECURITY).length).toBeGreaterThan(20);
    expect(strange('pam', modulesIn(SECURITY))).toEqual([]);
  });
});

describeWith(needs(modulesIn(LADSPA).length > 0, 'swh-plugins'), 'LADSPA', () => {
  it('takes the plugins of the distribution, and not what is none', () => {
    expect(strange('ladspa', modulesIn(LADSPA))).toEqual([]);
    expect(
      strange('ladspa', modulesIn(SECURITY).slice(0, 3)).every((text) => text.includes('error fit/entry-missing')),
    ).toBe(true);
  });
});
