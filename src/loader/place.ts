import type { ElfImage } from '../elf/model.ts';

/** The address that code at an offset of the file has, as the file counts; undefined when no code is there. */
export function addressOf(image: ElfImage, offset: number): number | undefined {
  const segment = image.segments.find(
    ({ type, flags, offset: start, fileSize }) =>
      type === 'LOAD' && flags.execute && offset >= start && offset < start + fileSize,
  );
  return segment === undefined ? undefined : segment.vaddr + (offset - segment.offset);
}

/** The function of the plugin at an address, by its dynamic symbols; undefined for functions that it does not export. */
export function functionAt(image: ElfImage, address: number): string | undefined {
  return image.symbols.find(
    ({ type, value, size }) => (type === 'func' || type === 'ifunc') && address >= value && address < value + size,
  )?.name;
}

/** An offset or an address as the loader writes it, `0x119a`. */
export function hexNumber(text: string | undefined): number | undefined {
  const number = Number(text);
  return text !== undefined && Number.isSafeInteger(number) ? number : undefined;
}
