import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

const evidence = [controls.ssdfTestExecutable, controls.cncfArtifactChecks];
const supply = [controls.ssdfThirdParty, controls.cncfArtifactChecks];

/** Whether a plugin can be loaded by the host it is meant for. */
export const fitRules = defineRules({
  'fit/unreadable': {
    title: 'File cannot be judged',
    severity: 'undecided',
    step: 'fit',
    why: 'What could not be read could not be checked.',
    fix: 'Give the host and the plugins as they are released: complete ELF files.',
    controls: evidence,
  },
  'fit/machine': {
    title: 'Plugin and host are for different machines',
    severity: 'error',
    step: 'fit',
    why: 'A process can load only code for its own architecture, word size, byte order and calling convention; the loader reports it in misleading words.',
    fix: 'Build the plugin for the architecture of the host.',
    controls: evidence,
  },
  'fit/not-loadable': {
    title: 'Not a file that can be loaded',
    severity: 'error',
    step: 'fit',
    why: 'dlopen takes shared objects only: no relocatable files, no executables (position-independent ones included), nothing linked with -z nodlopen.',
    fix: 'Link with -shared, and without -pie and -Wl,-z,nodlopen.',
    controls: evidence,
  },
  'fit/host-static': {
    title: 'Host is linked statically',
    severity: 'undecided',
    step: 'fit',
    why: 'A static program has no dynamic loader of its own; whether it can load plugins cannot be seen from its file.',
    fix: 'Link the host dynamically, or check the plugin by loading it.',
    controls: evidence,
  },
  'fit/host-unknown': {
    title: 'Symbols left for a host that was not given',
    severity: 'undecided',
    step: 'fit',
    why: 'The plugin uses symbols that none of its libraries provides; only the host can.',
    fix: 'Name the host program, so that its exports can be looked up.',
    controls: evidence,
  },
  'fit/symbol-missing': {
    title: 'Symbol that nothing provides',
    severity: 'error',
    step: 'fit',
    why: 'The loader cannot bind the symbol: dlopen with RTLD_NOW fails, with RTLD_LAZY the first call ends the process.',
    fix: 'Export it from the host (-rdynamic or --dynamic-list), link the library that has it, or make the reference weak.',
    controls: supply,
  },
  'fit/symbol-undecided': {
    title: 'Symbol that may come from a library which was not found',
    severity: 'undecided',
    step: 'fit',
    why: 'The library that could provide it was not available for the check.',
    fix: 'Give the directory of the library, or the root of the target system.',
    controls: supply,
  },
  'fit/version-missing': {
    title: 'Symbol version that the library does not have',
    severity: 'error',
    step: 'fit',
    why: 'The loader compares the versions that the plugin asks for before anything else and refuses to load it when one is missing.',
    fix: 'Use a newer library on the target, or build the plugin against the older one.',
    controls: supply,
  },
  'fit/library-missing': {
    title: 'Needed library was not found',
    severity: 'undecided',
    step: 'fit',
    why: 'If it is missing on the target too, dlopen fails; if it is there, its symbols could not be checked.',
    fix: 'Give the directory of the library, or the root of the target system; ship it beside the plugin with $ORIGIN.',
    controls: supply,
  },
  'fit/libc-mismatch': {
    title: 'Host and plugin use different C libraries',
    severity: 'error',
    step: 'fit',
    why: 'A process has one C library: a plugin for the GNU C library does not work in a musl host, nor the other way round.',
    fix: 'Build the plugin for the C library of the host.',
    controls: supply,
  },
  'fit/static-tls': {
    title: 'Not enough static thread-local storage',
    severity: 'error',
    step: 'fit',
    why: 'The GNU loader keeps a small reserve for initial-exec variables of plugins; when it is used up, dlopen fails with "cannot allocate memory in static TLS block".',
    fix: 'Build without -ftls-model=initial-exec, or start the host with GLIBC_TUNABLES=glibc.rtld.optional_static_tls set higher.',
    controls: evidence,
  },
  'fit/static-tls-shared': {
    title: 'Plugins together use up static thread-local storage',
    severity: 'warning',
    step: 'fit',
    why: 'The reserve is shared by all plugins of a process: each loads alone, but not all of them together.',
    fix: 'Build without -ftls-model=initial-exec, or start the host with GLIBC_TUNABLES=glibc.rtld.optional_static_tls set higher.',
    controls: evidence,
  },
  'fit/executable-stack': {
    title: 'Asks for an executable stack',
    severity: 'warning',
    step: 'fit',
    why: 'glibc 2.41 and later refuse to load such a plugin; earlier ones make the stack of the whole host executable.',
    fix: 'Mark assembly files with .note.GNU-stack, avoid nested functions, link with -z noexecstack.',
    controls: [controls.ssdfHardenBuild],
  },
});
