import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { elfFindings } from '../../src/elf/findings.ts';
import { platformOf } from '../../src/elf/machine.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { buildForeign, FOREIGN } from './foreign.ts';
import { differences, imageFacts, readelfFacts, readelfRelocations } from './readelf.ts';

describeWith(['clang', 'ld.lld', 's390x-linux-gnu-ld', 'readelf'], 'files of other machines', () => {
  const directory = workspace();

  it.each(FOREIGN.map((foreign) => [foreign.triple, foreign] as const))('%s', (_, foreign) => {
    const { plugin } = buildForeign(directory, foreign);
    const bytes = readFileSync(plugin);
    const { image, problems } = readElf(bytes);
    expect(problems).toEqual([]);
    if (image === undefined) throw new Error('no image');

    expect(image.header).toMatchObject({ machine: foreign.machine, class: foreign.class, endian: foreign.endian });
    expect(platformOf(image.header)).toBe(foreign.platform);
    const expected = readelfFacts([plugin]).get(plugin);
    if (expected === undefined) throw new Error('readelf says nothing');
    expect(differences(plugin, expected, imageFacts(image))).toEqual([]);

    const greets = image.symbols.filter(({ name }) => name === 'greet');
    expect(greets.map(({ version, default: isDefault }) => [version, isDefault]).sort()).toEqual([
      ['PLUG_1', false],
      ['PLUG_2', true],
    ]);
    expect(image.undefined.find(({ name }) => name === 'imported')).toMatchObject({
      version: 'NEED_1.0',
      library: 'libneeded.so.1',
    });
    expect(image.dynamic.runpath).toBe('$ORIGIN/lib');

    // The loader needs no section headers, so neither do we.
    const wide = foreign.class === 64;
    bytes.fill(0, wide ? 40 : 32, wide ? 48 : 36);
    bytes.fill(0, wide ? 60 : 48, wide ? 64 : 52);
    const stripped = readElf(bytes);
    expect(stripped.problems).toEqual([]);
    expect(stripped.image?.symbols).toEqual(image.symbols);
    expect(stripped.image?.undefined).toEqual(image.undefined);
  });

  it.each(FOREIGN.filter(({ machine }) => machine !== 'mips').map((foreign) => [foreign.triple, foreign] as const))(
    'TLS access and relocations of %s',
    (_, foreign) => {
      const { plugin } = buildForeign(directory, foreign);
      const { relocations } = readElf(readFileSync(plugin)).image ?? {};
      expect(relocations).toMatchObject(readelfRelocations(plugin));
      expect(relocations?.tls).toContain('initial-exec');
      expect(relocations?.relative).toBeGreaterThan(0);
      expect(relocations?.jumpSlot).toBeGreaterThan(0);
      expect(relocations?.text).toBe(0);
    },
  );

  it('is told from the machine that was asked for', () => {
    const [i386, , arm64] = FOREIGN;
    if (i386 === undefined || arm64 === undefined) throw new Error('no machines');
    const reading = readElf(readFileSync(buildForeign(directory, arm64).plugin));
    const wrong = elfFindings(reading, { platform: 'linux/amd64' }).filter(
      ({ rule }) => rule === 'elf/wrong-architecture',
    );
    expect(wrong).toEqual([
      expect.objectContaining({
        severity: 'error',
        message: 'The file is built for linux/arm64, aarch64 (64-bit, little-endian), but the target is linux/amd64.',
        old: 'linux/amd64',
        new: 'linux/arm64',
      }),
    ]);
    for (const platform of ['linux/arm64', 'linux/arm64-musl', 'linux/arm64/v8']) {
      expect(elfFindings(reading, { platform }).map(({ rule }) => rule)).not.toContain('elf/wrong-architecture');
    }
    expect(elfFindings(reading, { platform: 'linux/vax' })).toContainEqual(
      expect.objectContaining({ rule: 'elf/wrong-architecture', severity: 'undecided' }),
    );
    const other = readElf(readFileSync(buildForeign(directory, i386).plugin));
    expect(elfFindings(other, { platform: 'linux/amd64' })).toContainEqual(
      expect.objectContaining({ rule: 'elf/wrong-architecture', new: 'linux/386' }),
    );
  });
});
