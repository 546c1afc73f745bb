import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

/** What the file needs from the system that loads it. */
export const depRules = defineRules({
  'dep/rpath': {
    title: 'DT_RPATH in use',
    severity: 'note',
    step: 'read',
    why: 'DT_RPATH is searched before LD_LIBRARY_PATH and also for the libraries of libraries, so an administrator cannot override it.',
    fix: 'Link with -Wl,--enable-new-dtags to get DT_RUNPATH, or without -rpath.',
    controls: [controls.ssdfHardenBuild],
  },
  'dep/needed-path': {
    title: 'A needed library is named by path',
    severity: 'error',
    step: 'read',
    why: 'A name with a slash is opened as it stands, without a search; a relative one is taken from the working directory of the host. It works on the build machine only.',
    fix: 'Give the library a SONAME (-Wl,-soname,libname.so.1) and link with -L and -l; where the library is not yours, use `patchelf --replace-needed`.',
    controls: [controls.ssdfTestExecutable],
  },
  'dep/private-version': {
    title: 'Uses private symbols of the C library',
    severity: 'warning',
    step: 'read',
    why: 'Symbols of version GLIBC_PRIVATE change with every build of glibc: the plugin loads only with the one that it was linked with.',
    fix: 'Use the public function instead; a static library of glibc that was linked in is a common cause.',
    controls: [controls.ssdfTestExecutable],
  },
  'dep/floor-above-target': {
    title: 'Needs a newer system library than the target has',
    severity: 'error',
    step: 'fit',
    why: 'The dynamic loader refuses the plugin on the target with "version not found", before any of its code runs.',
    fix: 'Build on (or in a container or sysroot of) the oldest system that you support.',
    controls: [controls.ssdfTestExecutable],
  },
  'dep/floor-unknown': {
    title: 'Not known whether the target has the needed version',
    severity: 'undecided',
    step: 'fit',
    why: 'The plugin asks for a version that the target alone does not decide, for example of libstdc++ when only a glibc version is given as the target.',
    fix: 'Name a distribution release as the target, or ship the library with the plugin.',
    controls: [controls.ssdfGatherEvidence],
  },
  'dep/foreign-libc': {
    title: 'Linked against another C library',
    severity: 'error',
    step: 'fit',
    why: 'A process has one C library. A plugin for musl cannot be loaded into a glibc host, and the other way round.',
    fix: 'Build the plugin with the C library of the host.',
    controls: [controls.ssdfTestExecutable],
  },
});
