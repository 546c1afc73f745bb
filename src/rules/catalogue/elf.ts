import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

/** The file itself: is it what it should be, and is it whole. */
export const elfRules = defineRules({
  'elf/not-elf': {
    title: 'Not an ELF file',
    severity: 'error',
    step: 'read',
    why: 'Only ELF shared objects can be loaded with dlopen. A text file, an archive or an error page that was saved under the name of the plugin fails in every host with "invalid ELF header".',
    fix: 'Point the configuration at the file that the linker writes, and check that the build or the download really made it.',
    controls: [controls.ssdfTestExecutable],
  },
  'elf/truncated': {
    title: 'The file ends too early',
    severity: 'error',
    step: 'read',
    why: 'The headers promise bytes that the file does not have. dlopen maps the file without checking this, and the host dies of SIGBUS when it touches the missing part.',
    fix: 'Copy or download the file again and compare its digest with the one of the build; look for a full disk or a broken upload.',
    controls: [controls.ssdfTestExecutable],
  },
  'elf/malformed': {
    title: 'The file contradicts itself',
    severity: 'error',
    step: 'read',
    why: 'A table points outside the file or into another table. The dynamic loader does not check this: the file may crash the host, or tell the loader something else than it tells this check.',
    fix: 'Build the file again with an unmodified linker. If a tool edits it after the link (patchelf, a packer, a stripper), leave that tool out or update it.',
    controls: [controls.ssdfTestExecutable],
  },
  'elf/unsupported': {
    title: 'A form of ELF that this check cannot read',
    severity: 'undecided',
    step: 'read',
    why: 'The file may be fine, but what could not be read could not be checked.',
    fix: 'Give the plugin file itself, not its separate debug file or a core dump, and a file below the size limit.',
    controls: [controls.ssdfGatherEvidence],
  },
  'elf/wrong-architecture': {
    title: 'Built for another machine',
    severity: 'error',
    step: 'read',
    why: 'A host cannot load a plugin of another architecture, word size or byte order. glibc reports it misleadingly as "cannot open shared object file: No such file or directory".',
    fix: 'Set the target of the build (GOARCH and CC for Go, --target or the cross compiler for C and C++, --target for cargo), or correct the target in the configuration.',
    controls: [controls.ssdfTestExecutable],
  },
  'elf/not-shared-object': {
    title: 'Not a shared object',
    severity: 'error',
    step: 'read',
    why: 'dlopen refuses programs, position-independent executables and object files.',
    fix: 'Link with -shared (C, C++), -buildmode=plugin or -buildmode=c-shared (Go), crate-type = ["cdylib"] (Rust).',
    controls: [controls.ssdfTestExecutable],
  },
  'elf/not-dlopenable': {
    title: 'Marked as not to be opened with dlopen',
    severity: 'error',
    step: 'read',
    why: 'DF_1_NOOPEN tells the dynamic loader to refuse the file in dlopen, so no host can load it as a plugin.',
    fix: 'Link without -z nodlopen.',
    controls: [controls.ssdfTestExecutable],
  },
});
