import { describe, expect, it } from '@jest/globals';
import { compareImages } from '../../src/compare/compare.ts';
import { isStandardLibraryName } from '../../src/compare/interface.ts';
import type { TypeEvidence } from '../../src/compare/model.ts';
import { worstEffect } from '../../src/rules/effects.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { finding } from '../../src/rules/make.ts';
import { IMAGE, imageWith, symbol } from './image.ts';

const rules = (findings: readonly Finding[]): string[] => findings.map(({ rule, effect }) => `${effect} ${rule}`);
const ALL: TypeEvidence = { findings: [], compared: new Set(['foo', 'bar']), missing: 'nothing' };

describe('types', () => {
  const image = imageWith(['foo', 'bar']);

  it('leave the verdict undecided while nobody compared them', () => {
    const findings = compareImages(image, image);
    expect(findings).toMatchObject([{ rule: 'abi/types-not-compared', effect: 'undecided', affected: ['bar', 'foo'] }]);
    expect(findings[0]?.message).toBe(
      'The types of 2 symbols that both files export (bar, foo) were not compared: this comparison read symbols and versions only.',
    );
  });

  it('that were all compared leave nothing open', () => {
    expect(compareImages(image, image, { types: ALL })).toEqual([]);
  });

  it('that were compared in part name the rest and the reason', () => {
    const types = { ...ALL, compared: new Set(['foo']), missing: 'bar is written in assembly' };
    expect(compareImages(image, image, { types })).toMatchObject([
      {
        rule: 'abi/types-not-compared',
        affected: ['bar'],
        message: expect.stringMatching(/bar.*: bar is written in assembly\.$/),
      },
    ]);
  });

  it('bring their own findings into the verdict', () => {
    const changed = finding('abi/types-not-compared', 'as if', { effect: 'breaking' });
    expect(worstEffect(compareImages(image, image, { types: { ...ALL, findings: [changed] } }))).toBe('breaking');
  });

  it('are not asked for when nothing is exported in common, or the content is the same', () => {
    expect(compareImages(IMAGE, IMAGE)).toEqual([]);
    expect(compareImages(image, image, { sameContent: true })).toEqual([]);
  });
});

describe('object files', () => {
  const object = { ...IMAGE, header: { ...IMAGE.header, type: 'rel' as const } };

  it('export nothing that can be told, and leave the verdict undecided', () => {
    for (const [old, now] of [
      [object, object],
      [object, imageWith(['foo'])],
    ] as const) {
      const findings = compareImages(old, now, { types: ALL });
      expect(findings).toContainEqual(expect.objectContaining({ rule: 'abi/types-not-compared', effect: 'undecided' }));
    }
    expect(compareImages(object, object, { sameContent: true })).toEqual([]);
  });
});

describe('another machine', () => {
  const arm = (flags: number) => ({
    ...IMAGE,
    header: { ...IMAGE.header, machine: 'arm', machineCode: 40, class: 32, flags } as const,
  });

  it.each([
    ['the float ABI of ARM', arm(0x0500_0400), arm(0x0500_0200), true],
    ['no float ABI at all, from an old tool', arm(0x0500_0400), arm(0x0500_0000), false],
    ['a flag of ARM that is no calling convention', arm(0x0500_0400), arm(0x0500_0401), false],
    ['the byte order', IMAGE, { ...IMAGE, header: { ...IMAGE.header, endian: 'big' } } as const, true],
    ['x32', IMAGE, { ...IMAGE, header: { ...IMAGE.header, class: 32 } } as const, true],
  ])('%s', (_, old, now, differs) => {
    expect(rules(compareImages(old, now))).toEqual(differs ? ['breaking change/machine'] : []);
  });

  it('is the only thing that is told', () => {
    const old = imageWith(['foo', 'bar']);
    expect(rules(compareImages(old, arm(0)))).toEqual(['breaking change/machine']);
  });
});

describe('what no compiler here makes', () => {
  it('tells when musl systems are lost, and nothing when they were never served', () => {
    const musl = (loads: boolean) => ({
      ...IMAGE,
      floors: { ...IMAGE.floors, musl: { loads, reasons: loads ? [] : ['musl does not have backtrace.'] } },
    });
    expect(compareImages(musl(true), musl(false))).toMatchObject([
      {
        rule: 'change/musl-lost',
        message: 'Musl systems could load the old file and cannot load the new one. musl does not have backtrace.',
      },
    ]);
    expect(compareImages(musl(false), musl(false))).toEqual([]);
  });

  it('tells of a newer kernel, not of an older one', () => {
    const kernel = (minimumKernel: string) => ({ ...IMAGE, notes: { ...IMAGE.notes, minimumKernel } });
    expect(rules(compareImages(kernel('3.2.0'), kernel('5.10.0')))).toEqual(['risky change/floor-raised']);
    expect(compareImages(kernel('3.10.0'), kernel('3.2.0'))).toEqual([]);
  });

  it('tells of the mark for another system, but not of that for GNU extensions', () => {
    const marked = (osAbi: number) => ({ ...IMAGE, header: { ...IMAGE.header, osAbi } });
    expect(rules(compareImages(IMAGE, marked(9)))).toEqual(['breaking change/not-loadable']);
    expect(compareImages(IMAGE, marked(3))).toEqual([]);
  });

  it('tells of branch protection on ARM', () => {
    const protection = (bti: boolean, pac: boolean) => ({
      ...IMAGE,
      hardening: { ...IMAGE.hardening, arm: { bti, pac } },
    });
    expect(compareImages(protection(true, true), protection(false, true))).toMatchObject([
      { rule: 'change/hardening-weakened', subject: 'BTI', old: 'on', new: 'off' },
    ]);
  });

  it('leaves a Go plugin undecided instead of comparing the Go runtime', () => {
    const old = imageWith(['go:link.pkghash.fmt', 'runtime.mallocgc', 'x.Hello']);
    const now = imageWith(['go:link.pkghash.fmt', 'x.Hello']);
    expect(rules(compareImages(old, now))).toEqual(['undecided abi/types-not-compared']);
    expect(rules(compareImages(old, imageWith(['Hello'])))).toEqual(['breaking change/not-loadable']);
  });

  it('leaves out the absolute symbols that name version nodes', () => {
    const versions = { defined: [{ name: 'V1', index: 2, base: false, weak: false, parents: [] }], needed: [] };
    const old = {
      ...imageWith([]),
      symbols: [symbol('V1', { version: 'V1', section: 0xfff1, type: 'object' })],
      versions,
    };
    expect(compareImages(old, { ...old, symbols: [] })).toEqual([]);
  });
});

describe('size', () => {
  it('folds many symbols into one finding with a bounded list', () => {
    const names = Array.from({ length: 5000 }, (_, index) => `f${String(index).padStart(4, '0')}`);
    const [removed, ...rest] = compareImages(imageWith(names), imageWith([]));
    expect(rest).toEqual([]);
    expect(removed?.message).toBe(
      '5000 symbols are no longer exported: f0000, f0001, f0002, f0003, f0004 and 4995 more.',
    );
    expect(removed?.affected).toHaveLength(200);
  });

  it('of a hostile table does not matter: one name under 60,000 versions, as many needs', () => {
    const count = 60_000;
    const symbols = Array.from({ length: count }, (_, index) =>
      symbol('foo', { version: `V${index}`, default: false }),
    );
    const imports = Array.from({ length: count }, (_, index) =>
      symbol('x', { version: `N${index}`, library: 'l', section: 0 }),
    );
    const versions = imports.map(({ version }, index) => ({ name: version ?? '', index, weak: false }));
    const hostile = {
      ...IMAGE,
      symbols,
      undefined: imports,
      dynamic: { ...IMAGE.dynamic, needed: ['l'] },
      versions: { defined: [], needed: [{ library: 'l', versions }] },
    };
    const plain = { ...IMAGE, dynamic: hostile.dynamic };
    expect(compareImages(plain, hostile).length).toBeGreaterThan(0);
    expect(compareImages(hostile, plain).length).toBeGreaterThan(0);
  });
});

describe('names of the C++ standard library', () => {
  it.each([
    ['_ZNSt6vectorIiSaIiEE9push_backEOi', true],
    ['_ZNKSt6vectorI3FooE4sizeEv', true],
    ['_ZSt4moveIRiEONSt16remove_referenceIT_E4typeEOS2_', true],
    ['_ZN9__gnu_cxx13new_allocatorIcEC1Ev', true],
    ['_ZTVSt9exception', true],
    ['_ZnwmPv', true],
    ['_ZN3Foo3barESt6vectorIiSaIiEE', false],
    ['_ZN7Stencil4drawEv', false],
    ['_Z6StreamSt6vectorIiSaIiEE', false],
    ['_ZTV6Stream', false],
    ['St6vector', false],
  ])('%s: %s', (name, expected) => {
    expect(isStandardLibraryName(name)).toBe(expected);
  });
});
