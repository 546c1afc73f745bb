import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { LoadableFile } from '../model.ts';
import type { PresetCheck } from './check.ts';
import { FileData } from './data.ts';
import { missingEntries, refusesGoPlugin, wrongKinds } from './entries.ts';

const NAME = 'nginx';
const TABLES: readonly string[] = ['ngx_modules', 'ngx_module_names'];
const MOST_MODULES = 256;

/** Offsets in ngx_module_t on 64-bit systems: five words, the version, the signature (src/core/ngx_module.h). */
const VERSION_AT = 40;
const SIGNATURE_AT = 48;
/** A structure of the program itself, which nginx exports to its modules. */
const OWN_MODULE = 'ngx_core_module';

interface Stamp {
  readonly version: string;
  readonly signature: string;
}

/**
 * nginx refuses a module of another version, or with another signature of what it was configured with. Source: nginx
 * src/core/nginx.c (ngx_load_module), src/core/ngx_module.c (ngx_add_module).
 */
export const checkNginx: PresetCheck = (plugin, host) => {
  const { image } = plugin;
  const found = [
    ...refusesGoPlugin(plugin, NAME),
    ...missingEntries(image, TABLES, NAME),
    ...wrongKinds(image, [...TABLES, 'ngx_module_order'], 'data', NAME),
  ];
  return found.length > 0 ? found : modules(plugin, host);
};

function modules(plugin: LoadableFile, host: LoadableFile | undefined): readonly Finding[] {
  const data = FileData.of(plugin);
  const list = data === undefined ? undefined : data.pointers(data.address('ngx_modules') ?? -1, MOST_MODULES);
  const names = data === undefined ? undefined : data.pointers(data.address('ngx_module_names') ?? -1, MOST_MODULES);
  if (data === undefined || list === undefined || names === undefined) {
    return [unread('The tables ngx_modules and ngx_module_names could not be read.')];
  }
  if (list.length === 0) {
    const message = 'The table ngx_modules is empty: nginx loads the file and finds no module in it.';
    return [finding('fit/entry-missing', message, { subject: 'ngx_modules' })];
  }
  const findings: Finding[] = [];
  if (names.length < list.length) {
    const message = `There are ${list.length} modules and ${names.length} names in ngx_module_names; nginx reads behind its end.`;
    findings.push(finding('fit/entry-type', message, { subject: 'ngx_module_names' }));
  }
  const stamps = list.map((address) => stampAt(data, address));
  const unknown = stamps.indexOf(undefined);
  if (unknown >= 0)
    return [...findings, unread(`The version and the signature of module ${unknown + 1} could not be read.`)];
  return [...findings, ...compared(distinct(stamps), host)];
}

function stampAt(data: FileData, address: number): Stamp | undefined {
  const { memory } = data;
  if (!memory.has(address, SIGNATURE_AT + 8)) return undefined;
  const version = memory.u64(address + VERSION_AT);
  const signature = data.text(memory.pointer(address + SIGNATURE_AT));
  // `8,4,8,` and a digit for each option (ngx_module.h, NGX_MODULE_SIGNATURE); versions are 1009011 and later.
  if (signature === undefined || !/^\d+,\d+,\d+,[01]+$/.test(signature) || version < 1_000_000) return undefined;
  if (version >= 1_000_000_000) return undefined;
  return { version: versionText(version), signature };
}

/** 1022001 is 1.22.1. */
function versionText(version: number): string {
  return [Math.floor(version / 1_000_000), Math.floor(version / 1000) % 1000, version % 1000].join('.');
}

function distinct(stamps: readonly (Stamp | undefined)[]): readonly Stamp[] {
  const all = stamps.flatMap((stamp) => (stamp === undefined ? [] : [stamp]));
  return [...new Map(all.map((stamp) => [`${stamp.version} ${stamp.signature}`, stamp])).values()];
}

function compared(stamps: readonly Stamp[], host: LoadableFile | undefined): readonly Finding[] {
  if (host === undefined) {
    return stamps.map(({ version, signature }) =>
      finding('fit/built-for', `Built for nginx ${version}, with the signature ${signature}.`, {
        subject: 'nginx version',
        new: version,
      }),
    );
  }
  const data = FileData.of(host);
  const own = data === undefined ? undefined : stampAt(data, data.address(OWN_MODULE) ?? -1);
  if (own === undefined) {
    return [
      unread(`${host.file} does not export ${OWN_MODULE} with a version: it is not nginx, or was stripped of it.`),
    ];
  }
  return stamps.flatMap(({ version, signature }): Finding[] => {
    if (version !== own.version) {
      const message = `The module was built for nginx ${version}, the host is ${own.version}: nginx refuses it ("version ${version} instead of ${own.version}", as numbers).`;
      const fix = `Build the module with the sources of nginx ${own.version}, ./configure --with-compat --add-dynamic-module=..., and make modules.`;
      return [
        finding('fit/interface-version', message, { subject: 'nginx version', old: own.version, new: version, fix }),
      ];
    }
    if (signature === own.signature) return [];
    const message = `The module was configured differently from the host (${differences(own.signature, signature)}): nginx refuses it ("is not binary compatible").`;
    const fix = 'Configure the module with the arguments that `nginx -V` shows, or both with --with-compat.';
    return [
      finding('fit/interface-version', message, {
        subject: 'nginx signature',
        old: own.signature,
        new: signature,
        fix,
      }),
    ];
  });
}

/** The numbers of NGX_MODULE_SIGNATURE_n in ngx_module.h that differ: 0 is the sizes, then one digit each. */
function differences(theirs: string, own: string): string {
  const [before, now] = [theirs, own].map((text) => {
    const end = text.lastIndexOf(',') + 1;
    return [text.slice(0, end), ...text.slice(end)];
  });
  const positions = (before ?? []).flatMap((value, index) => (value === now?.[index] ? [] : [String(index)]));
  if (before?.length !== now?.length) return 'signatures of different length';
  return `NGX_MODULE_SIGNATURE_${positions.slice(0, 8).join(', _')}`;
}

function unread(message: string): Finding {
  return finding('fit/interface-unread', message, { subject: 'nginx version' });
}
