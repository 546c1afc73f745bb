import type { ElfBytes } from '../../elf/cursor.ts';
import { canBeRead, GoMemory } from '../../golang/memory.ts';
import type { LoadableFile } from '../model.ts';
import { entryOf } from './entries.ts';

/** Bytes of a text that a person reads. */
const LONGEST_TEXT = 512;

/** Whether the data of a file can be looked at: its bytes are at hand, and its relocations are known. */
export function readable({ bytes, image }: LoadableFile): boolean {
  return bytes !== undefined && canBeRead(image);
}

/** The relocated data of a file; undefined where {@link readable} is false. */
export class FileData {
  readonly memory: GoMemory;
  readonly #file: LoadableFile;

  private constructor(file: LoadableFile, bytes: ElfBytes) {
    this.#file = file;
    this.memory = new GoMemory(bytes, file.image);
  }

  static of(file: LoadableFile): FileData | undefined {
    return file.bytes === undefined || !readable(file) ? undefined : new FileData(file, file.bytes);
  }

  /** Address of an exported symbol. */
  address(name: string): number | undefined {
    return entryOf(this.#file.image, name)?.value;
  }

  /** A text that ends with NUL and is printable; undefined for anything else. */
  text(address: number): string | undefined {
    if (address <= 0) return undefined;
    let text = '';
    for (let at = address; text.length < LONGEST_TEXT; at += 1) {
      if (!this.memory.has(at, 1)) return undefined;
      const byte = this.memory.u8(at);
      if (byte === 0) return text;
      if (byte < 0x20 || byte > 0x7e) return undefined;
      text += String.fromCharCode(byte);
    }
    return undefined;
  }

  /** Pointers at an address up to the first that is 0, at most `most`; undefined when there is no end. */
  pointers(address: number, most: number): readonly number[] | undefined {
    const found: number[] = [];
    for (let index = 0; index <= most; index += 1) {
      if (!this.memory.has(address + 8 * index, 8)) return undefined;
      const pointer = this.memory.pointer(address + 8 * index);
      if (pointer === 0) return found;
      found.push(pointer);
    }
    return undefined;
  }
}
