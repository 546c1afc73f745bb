import type { ElfImage } from '../elf/model.ts';
import type { Style } from '../text/style.ts';
import { formatCount } from '../text/units.ts';

/** One line for each defence: label and what the file has. */
export function hardeningRows({ hardening, header }: ElfImage, style: Style): [label: string, text: string][] {
  const good = (text: string): string => `${style.green('✓')} ${text}`;
  const weak = (text: string): string => `${style.yellow('!')} ${text}`;
  const bad = (text: string): string => `${style.red('✗')} ${text}`;
  const plain = (text: string): string => `${style.dim('·')} ${text}`;

  const relro = { full: good('full'), partial: weak('partial (lazy binding)'), none: bad('none') }[hardening.relro];
  const { fortified, unfortified } = hardening.fortify;
  const rows: [string, string][] = [
    ['RELRO', relro],
    ['stack', hardening.nxStack ? good('not executable') : bad('executable')],
    [
      'W^X',
      hardening.writableExecutable === 0
        ? good('no segment is writable and executable')
        : bad(`${hardening.writableExecutable} writable and executable`),
    ],
    ['relocations', hardening.textRelocations ? bad('patch code') : good('leave code alone')],
    ['canaries', hardening.stackProtector ? good('stack protector in use') : plain('no stack protector seen')],
    [
      'fortify',
      fortified > 0
        ? good(`${formatCount(fortified)} checked functions, ${formatCount(unfortified)} plain`)
        : plain(unfortified > 0 ? `${formatCount(unfortified)} plain functions, none checked` : 'nothing to check'),
    ],
  ];
  if (header.machine === 'x86-64' || header.machine === 'i386') {
    const { ibt, shstk } = hardening.cet;
    rows.push([
      'CET',
      ibt && shstk ? good('IBT and SHSTK') : plain(ibt ? 'IBT only' : shstk ? 'SHSTK only' : 'not marked'),
    ]);
  }
  if (header.machine === 'aarch64') {
    const { bti, pac } = hardening.arm;
    rows.push([
      'branches',
      bti && pac ? good('BTI and PAC') : plain(bti ? 'BTI only' : pac ? 'PAC only' : 'not marked'),
    ]);
  }
  return rows;
}
