import type { ElfImage, ElfSymbol } from '../../elf/model.ts';

const BYTES = 8;

/**
 * On 64-bit PowerPC with the first ABI, a function's symbol leads to a descriptor in .opd, whose first word is the
 * address of the code (64-bit PowerPC ELF ABI supplement 1.9, section 3.2.5). Debug information knows the code.
 * @returns the image with the functions' symbols at their code; the same image on all other machines
 */
export function throughDescriptors(image: ElfImage, bytes: Uint8Array): ElfImage {
  if (image.header.machine !== 'ppc64') return image;
  const section = image.sections.find(({ name }) => name === '.opd');
  if (section === undefined) return image;
  const { address, offset, size } = section;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = image.header.endian === 'little';
  const code = (symbol: ElfSymbol): ElfSymbol => {
    const at = symbol.value - address;
    if (symbol.type !== 'func' || !(at >= 0 && at + BYTES <= size) || offset + at + BYTES > bytes.length) return symbol;
    const value = Number(view.getBigUint64(offset + at, little));
    // Left to the dynamic loader by some linkers.
    return value === 0 ? symbol : { ...symbol, value };
  };
  return { ...image, symbols: image.symbols.map(code) };
}
