import type { ElfImage } from '../elf/model.ts';

/**
 * The function of the plugin at an offset in its file, by its dynamic symbols; undefined for functions that it does not
 * export. Symbols without a size count up to the next one.
 */
export function functionAt(image: ElfImage, offset: number): string | undefined {
  const segment = image.segments.find(
    ({ type, flags, offset: start, fileSize }) =>
      type === 'LOAD' && flags.execute && offset >= start && offset < start + fileSize,
  );
  if (segment === undefined) return undefined;
  const address = segment.vaddr + (offset - segment.offset);
  return image.symbols.find(
    ({ type, value, size }) => (type === 'func' || type === 'ifunc') && address >= value && address < value + size,
  )?.name;
}
