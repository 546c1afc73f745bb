import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

export const buildRules = defineRules({
  'build/failed': {
    title: 'The build failed',
    severity: 'error',
    step: 'build',
    why: 'Without a build there is no plugin that could be checked, and the release would ship an older file or none.',
    fix: 'Run the command of the finding in the same directory and mend the first error; the last lines of its output are in the details.',
    controls: [controls.ssdfToolchain],
  },
  'build/timeout': {
    title: 'The build took too long and was stopped',
    severity: 'error',
    step: 'build',
    why: 'A build that does not end blocks the release pipeline; it often waits for input, a lock or the network.',
    fix: 'See in the details where it stood. When it only needs more time, raise `build.timeout` of the plugin.',
    controls: [controls.ssdfToolchain],
  },
  'build/artifact-missing': {
    title: 'The plugin file is not there',
    severity: 'error',
    step: 'build',
    why: 'The file that would be released does not exist at the configured path, so nothing about it can be known.',
    fix: 'Make `artifact` name the file that the build writes, relative to the configuration file; or add a `build` section that makes it.',
    controls: [controls.ssdfTestExecutable],
  },
  'build/artifact-unusable': {
    title: 'The plugin file cannot be taken',
    severity: 'error',
    step: 'build',
    why: 'The gate judges only regular files of bounded size inside the repository: a link that leads elsewhere could put another file in the place of the one that was judged.',
    fix: 'Let the build write a regular file inside the repository, readable by the user of the job.',
    controls: [controls.ssdfTestExecutable],
  },
  'build/artifact-stale': {
    title: 'The build does not write the plugin file',
    severity: 'undecided',
    step: 'build',
    why: 'The file was there before, and the build does not make it again when it is taken away. It comes from another source than the one that was built, so the checks would speak about another plugin.',
    fix: 'Make `artifact` name the file that the build writes, and keep built files out of the repository.',
    controls: [controls.ssdfTestExecutable, controls.ssdfProvenance],
  },
  'build/diagnostic': {
    title: 'Message of the compiler',
    severity: 'note',
    step: 'build',
    why: 'Warnings of the compiler often are the first sign of a wrong type, a missing declaration or a symbol that will not resolve.',
    fix: 'Mend the place that the message names.',
    controls: [controls.ssdfBuildTools],
  },
  'build/not-reproducible': {
    title: 'Two builds of the same source differ',
    severity: 'error',
    step: 'build',
    why: 'When the same source gives other bytes, nobody can check that a released file was built from the source it claims, and every comparison of releases shows differences that mean nothing.',
    fix: 'Remove what changes between builds: __DATE__ and __TIME__, random seeds and temporary names (-frandom-seed), build paths (-ffile-prefix-map, -trimpath), unsorted lists of input files.',
    controls: [controls.ssdfToolchain, controls.ssdfProvenance],
  },
  'build/reproducibility-unknown': {
    title: 'Whether the build is reproducible could not be told',
    severity: 'undecided',
    step: 'build',
    why: 'The second build gave the same bytes, but it could use what the first had left (object files, caches), so it proves little.',
    fix: 'Let the build command start from clean, for example [sh, -c, "make clean && make"] or [make, --always-make].',
    controls: [controls.ssdfToolchain, controls.ssdfProvenance],
  },
});
