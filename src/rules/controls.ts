import type { Control } from './rule.ts';

/** Controls that several rules give evidence for, by short name, so that each is written once. */
export const controls = {
  ssdfVerifyRelease: {
    framework: 'NIST SSDF 1.1',
    id: 'PS.2.1',
    title: 'Make software integrity verification information available to software acquirers',
  },
  ssdfTestExecutable: {
    framework: 'NIST SSDF 1.1',
    id: 'PW.8.2',
    title: 'Test the executable code and record what was found',
  },
  ssdfHardenBuild: {
    framework: 'NIST SSDF 1.1',
    id: 'PW.6.2',
    title: 'Use compiler, interpreter and build tool features that improve executable security',
  },
  ssdfProvenance: {
    framework: 'NIST SSDF 1.1',
    id: 'PS.3.2',
    title: 'Collect, safeguard, maintain and share provenance data for all components of each release',
  },
} as const satisfies Readonly<Record<string, Control>>;
