import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { hardeningFindings } from './hardening-findings.ts';
import { barePlatform, describeMachine, isKnownPlatform, platformOf } from './machine.ts';
import type { ElfImage, ElfProblem, ElfReading } from './model.ts';
import { needFindings } from './need-findings.ts';

export interface ElfExpectations {
  /** What the file must be built for, `linux/amd64`; not checked when absent. */
  readonly platform?: string;
  /** Whether the file must be one that dlopen takes; true unless given. */
  readonly plugin?: boolean;
  /** Whether missing branch protection (CET, BTI, PAC) is told; most distributions do not build with it, so false unless given. */
  readonly branchProtection?: boolean;
}

/**
 * What is wrong with a file taken alone: damage, another machine, weak hardening, needs that do not travel.
 * Findings say nothing of a comparison and nothing of a target system (see `floorFindings`).
 */
export function elfFindings(reading: ElfReading, expected: ElfExpectations = {}): readonly Finding[] {
  const { image } = reading;
  const findings = reading.problems.map(problemFinding);
  if (image === undefined) return findings;
  if (expected.platform !== undefined) findings.push(...platformFindings(image, expected.platform));
  if (expected.plugin !== false) findings.push(...pluginFindings(image));
  findings.push(...hardeningFindings(image, { branchProtection: expected.branchProtection === true }));
  findings.push(...needFindings(image));
  return findings;
}

function problemFinding(problem: ElfProblem): Finding {
  const place = problem.offset === undefined ? {} : { details: `At byte ${problem.offset} of the file.` };
  return finding(problem.rule, problem.message, place);
}

function platformFindings(image: ElfImage, platform: string): Finding[] {
  const wanted = barePlatform(platform);
  const found = platformOf(image.header);
  if (found === wanted) return [];
  const what = describeMachine(image.header);
  if (!isKnownPlatform(wanted)) {
    return [
      finding(
        'elf/wrong-architecture',
        `The file is built for ${what}; which machine the target ${platform} is, is not known here.`,
        { severity: 'undecided', subject: 'machine', old: platform, new: found ?? what },
      ),
    ];
  }
  const name = found === undefined ? what : `${found}, ${what}`;
  return [
    finding('elf/wrong-architecture', `The file is built for ${name}, but the target is ${platform}.`, {
      subject: 'machine',
      old: wanted,
      new: found ?? what,
    }),
  ];
}

function pluginFindings(image: ElfImage): Finding[] {
  const { header, dynamic } = image;
  const subject = 'e_type';
  if (header.type === 'rel') {
    return [
      finding('elf/not-shared-object', 'This is an object file (ET_REL): it was compiled but not linked.', { subject }),
    ];
  }
  if (header.type === 'exec') {
    return [finding('elf/not-shared-object', 'This is a program (ET_EXEC), which dlopen refuses.', { subject })];
  }
  if (dynamic.flags1.includes('PIE')) {
    return [
      finding('elf/not-shared-object', 'This is a position-independent executable (DF_1_PIE), which dlopen refuses.', {
        subject,
      }),
    ];
  }
  if (header.type === 'none' || header.type === 'other') {
    return [finding('elf/not-shared-object', 'The ELF type of this file is not that of a shared object.', { subject })];
  }
  if (dynamic.flags1.includes('NOOPEN')) {
    return [
      finding('elf/not-dlopenable', 'The file is marked DF_1_NOOPEN, so dlopen refuses it.', {
        subject: 'DF_1_NOOPEN',
      }),
    ];
  }
  return [];
}
