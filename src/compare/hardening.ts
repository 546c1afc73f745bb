import type { ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { change } from './fold.ts';
import type { ImagePair } from './model.ts';

/** One protection, with how strong it is in a file: higher is better. */
interface Protection {
  readonly name: string;
  /** How well the file is protected, with the benefit of the doubt. */
  readonly strength: (image: ElfImage) => number;
  /** How well it is protected for certain, where that can be less: a file with nothing to protect shows no intent. */
  readonly sure?: (image: ElfImage) => number;
  readonly shown: (image: ElfImage) => string;
  /** What is so when it is weaker than before. */
  readonly lost: string;
}

const onOff = (on: boolean): string => (on ? 'on' : 'off');

/** Eager binding was asked for; without it, RELRO is full only while there happens to be nothing to bind. */
function bindsNow({ dynamic }: ElfImage): boolean {
  return dynamic.flags.includes('BIND_NOW') || dynamic.flags1.includes('NOW');
}

function relro({ hardening }: ElfImage): number {
  return ['none', 'partial', 'full'].indexOf(hardening.relro);
}

const PROTECTIONS: readonly Protection[] = [
  {
    name: 'RELRO',
    strength: relro,
    sure: (image) => (bindsNow(image) ? relro(image) : Math.min(relro(image), 1)),
    shown: ({ hardening }) => hardening.relro,
    lost: 'tables of function addresses stay writable at run time',
  },
  {
    name: 'NX stack',
    strength: ({ hardening }) => Number(hardening.nxStack),
    shown: ({ hardening }) => (hardening.nxStack ? 'not executable' : 'executable'),
    lost: 'the file asks for an executable stack, and glibc 2.41 and later refuse to load it',
  },
  {
    name: 'W^X',
    strength: ({ hardening }) => -hardening.writableExecutable,
    shown: ({ hardening }) => `${hardening.writableExecutable} writable and executable segments`,
    lost: 'memory is writable and executable at once',
  },
  {
    name: 'text relocations',
    strength: ({ hardening }) => Number(!hardening.textRelocations),
    shown: ({ hardening, relocations }) => (hardening.textRelocations ? `${relocations.text || 'some'}` : 'none'),
    lost: 'the loader must make code writable to relocate it, which hardened systems forbid',
  },
  {
    name: 'stack protector',
    strength: ({ hardening }) => Number(hardening.stackProtector),
    shown: ({ hardening }) => onOff(hardening.stackProtector),
    lost: 'no function checks its stack frame any more',
  },
  {
    name: 'fortified functions',
    // Nothing to fortify is no weakness: it takes unfortified calls where there were fortified ones.
    strength: ({ hardening: { fortify } }) => Number(fortify.fortified > 0 || fortify.unfortified === 0),
    sure: ({ hardening: { fortify } }) => Number(fortify.fortified > 0),
    shown: ({ hardening: { fortify } }) => `${fortify.fortified} fortified, ${fortify.unfortified} not`,
    lost: 'calls such as memcpy are no longer checked (_FORTIFY_SOURCE)',
  },
  {
    name: 'CET IBT',
    strength: ({ hardening }) => Number(hardening.cet.ibt),
    shown: ({ hardening }) => onOff(hardening.cet.ibt),
    lost: 'indirect branch tracking is switched off for the whole host process',
  },
  {
    name: 'CET SHSTK',
    strength: ({ hardening }) => Number(hardening.cet.shstk),
    shown: ({ hardening }) => onOff(hardening.cet.shstk),
    lost: 'the shadow stack is switched off for the whole host process',
  },
  {
    name: 'BTI',
    strength: ({ hardening }) => Number(hardening.arm.bti),
    shown: ({ hardening }) => onOff(hardening.arm.bti),
    lost: 'branch targets in the plugin are not checked',
  },
  {
    name: 'PAC',
    strength: ({ hardening }) => Number(hardening.arm.pac),
    shown: ({ hardening }) => onOff(hardening.arm.pac),
    lost: 'return addresses are not signed',
  },
];

/** Protections that were lost, one finding each; and those that were won. */
export function compareHardening(images: ImagePair): Finding[] {
  return PROTECTIONS.flatMap((protection) => compareProtection(protection, images));
}

function compareProtection(protection: Protection, images: ImagePair): Finding[] {
  const { name, strength, shown, lost } = protection;
  const sure = protection.sure ?? strength;
  const values = { subject: name, old: shown(images.old), new: shown(images.new) };
  if (strength(images.new) < sure(images.old)) {
    const message = `${name}: ${values.new}; it was ${values.old}: ${lost}.`;
    return [change('change/hardening-weakened', 'risky', message, values)];
  }
  if (sure(images.new) > strength(images.old)) {
    const message = `${name}: ${values.new}; it was ${values.old}.`;
    return [change('change/hardening-improved', 'compatible', message, values)];
  }
  return [];
}
