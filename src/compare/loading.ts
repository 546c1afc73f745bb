import type { ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { change } from './fold.ts';
import type { ImagePair } from './model.ts';

/** What happens differently when the file is loaded and unloaded. */
export function compareLoading(images: ImagePair): Finding[] {
  return [
    ...compareInterpreter(images),
    ...compareSearchPath(images),
    ...compareConstructors(images),
    ...compareIfuncs(images),
    ...compareTls(images),
    ...compareFlags(images),
  ];
}

function compareInterpreter({ old, new: now }: ImagePair): Finding[] {
  if (old.interpreter === now.interpreter) return [];
  const [before, after] = [old.interpreter ?? 'none', now.interpreter ?? 'none'];
  const message = `The program interpreter changed from ${before} to ${after}.`;
  return [change('change/interpreter', 'risky', message, { old: before, new: after })];
}

function compareSearchPath({ old, new: now }: ImagePair): Finding[] {
  const [before, after] = [searchPath(old), searchPath(now)];
  if (before === after) return [];
  const message = `The search path for needed libraries changed from ${before} to ${after}.`;
  return [change('change/search-path', 'risky', message, { subject: 'search path', old: before, new: after })];
}

/** DT_RPATH is ignored where there is a DT_RUNPATH (ld.so(8)). */
function searchPath({ dynamic: { rpath, runpath } }: ElfImage): string {
  if (runpath !== undefined) return `RUNPATH ${runpath}`;
  return rpath !== undefined ? `RPATH ${rpath}` : 'none';
}

function compareConstructors({ old, new: now }: ImagePair): Finding[] {
  const [before, after] = [old.dynamic.initArray, now.dynamic.initArray];
  const more = after > before;
  const init = now.dynamic.hasInit && !old.dynamic.hasInit;
  if (!more && !init) return [];
  const shown = ({ dynamic }: ElfImage) =>
    `${dynamic.initArray} in .init_array${dynamic.hasInit ? ' and DT_INIT' : ''}`;
  const values = { subject: 'constructors', old: shown(old), new: shown(now) };
  const message = `More constructors run when the file is loaded: ${values.new}; it was ${values.old}.`;
  return [change('change/constructors-added', 'risky', message, values)];
}

function compareIfuncs({ old, new: now }: ImagePair): Finding[] {
  const [before, after] = [old.relocations.ifunc, now.relocations.ifunc];
  // Exported symbols that became indirect are told one by one; this is about the resolvers behind relocations.
  if (before > 0 || after === 0) return [];
  const message = `${after} relocation${after === 1 ? '' : 's'} of the new file run${after === 1 ? 's' : ''} an IFUNC resolver while it is loaded; the old one had none.`;
  return [
    change('change/ifunc-added', 'risky', message, { subject: 'ifunc', old: String(before), new: String(after) }),
  ];
}

function compareTls({ old, new: now }: ImagePair): Finding[] {
  const [before, after] = [staticTls(old), staticTls(now)];
  if (after === undefined || before === after) return [];
  if (before !== undefined && after < before) return [];
  const was = before === undefined ? 'needed none' : `was ${before}`;
  const message = `The file needs ${after} bytes of static thread-local storage; it ${was}.`;
  const values = {
    subject: 'static TLS',
    old: before === undefined ? 'none' : `${before} bytes`,
    new: `${after} bytes`,
  };
  return [change('change/static-tls', 'risky', message, values)];
}

/** Bytes of static thread-local storage that the file takes; undefined when it takes none. Source: DF_STATIC_TLS, gABI. */
export function staticTls(image: ElfImage): number | undefined {
  const wanted =
    image.dynamic.flags.includes('STATIC_TLS') ||
    image.relocations.tls.some((model) => model === 'initial-exec' || model === 'local-exec');
  if (!wanted) return undefined;
  const size = image.segments.reduce((sum, { type, memorySize }) => (type === 'TLS' ? sum + memorySize : sum), 0);
  // A file can reach variables of another one by initial-exec and have none of its own.
  return size;
}

/** DT_FLAGS and DT_FLAGS_1 that change what a host sees; the rest is told by other findings (BIND_NOW is RELRO's). */
const FLAGS: Readonly<Record<string, { readonly set: string; readonly cleared: string }>> = {
  NODELETE: {
    set: 'the plugin stays in memory after dlclose, so it cannot be swapped',
    cleared: 'the plugin can be unloaded now; pointers into it must not be kept',
  },
  INITFIRST: {
    set: 'its constructors run before those of every other library',
    cleared: 'its constructors no longer run first',
  },
  GLOBAL: {
    set: 'its symbols become visible to all libraries of the process',
    cleared: 'its symbols are no longer made visible to all libraries',
  },
  NODEFLIB: {
    set: 'needed libraries are not searched in the system directories',
    cleared: 'needed libraries are searched in the system directories too',
  },
  SYMBOLIC: {
    set: 'the plugin uses its own definitions, not those of the host or copies in the executable',
    cleared: 'definitions of the host take precedence over its own',
  },
};

function compareFlags({ old, new: now }: ImagePair): Finding[] {
  const [before, after] = [loadFlags(old), loadFlags(now)];
  return Object.entries(FLAGS).flatMap(([flag, { set, cleared }]) => {
    if (before.has(flag) === after.has(flag)) return [];
    const isSet = after.has(flag);
    const message = isSet ? `The flag ${flag} is set: ${set}.` : `The flag ${flag} is no longer set: ${cleared}.`;
    const values = { subject: flag, old: isSet ? 'not set' : 'set', new: isSet ? 'set' : 'not set' };
    return [change('change/load-flags', 'risky', message, values)];
  });
}

function loadFlags({ dynamic }: ElfImage): ReadonlySet<string> {
  return new Set([...dynamic.flags, ...dynamic.flags1]);
}
