import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { FileBytes } from '../../dwarf/sections.ts';
import type { ElfImage } from '../../elf/model.ts';
import { readElfLazily } from '../../elf/read.ts';

export interface OpenedElf {
  readonly path: string;
  readonly image: ElfImage;
  readonly bytes: FileBytes;
  /** Gives the descriptor back; what was read stays valid. */
  readonly close: () => void;
}

/**
 * Opens files by paths of which some stand in the file that is examined. Only ordinary files are opened: a path that leads to a
 * device or a pipe is as good as none. Of each file only the parts that are asked for are read.
 */
export class OpenFiles {
  readonly #open = new Set<number>();

  /** The ELF file at a path; undefined when there is none that can be read. */
  elf(path: string): OpenedElf | undefined {
    const bytes = this.#bytes(path);
    if (bytes === undefined) return undefined;
    const { image } = readElfLazily(bytes.size, (buffer, offset, length, position) => {
      const part = bytes.read(position, length);
      if (part === undefined) return 0;
      buffer.set(part, offset);
      return length;
    });
    if (image !== undefined) return { path, image, bytes, close: bytes.close };
    bytes.close();
    return undefined;
  }

  #bytes(path: string): (FileBytes & { readonly close: () => void }) | undefined {
    if (path.includes('\0') || path.length > 4096) return undefined;
    let descriptor: number;
    try {
      // Without blocking: opening a pipe would wait for a writer.
      descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return undefined; // not there, or not readable: the next place is tried
    }
    this.#open.add(descriptor);
    const close = (): void => {
      if (this.#open.delete(descriptor)) closeSync(descriptor);
    };
    const status = fstatSync(descriptor);
    if (!status.isFile()) {
      close();
      return undefined;
    }
    const { size } = status;
    return {
      size,
      close,
      read: (offset, length) => {
        if (!(offset >= 0 && length >= 0 && offset + length <= size)) return undefined;
        const part = new Uint8Array(length);
        for (let done = 0; done < length; ) {
          const count = readSync(descriptor, part, done, length - done, offset + done);
          if (count <= 0) return undefined;
          done += count;
        }
        return part;
      },
    };
  }

  /** What was read stays valid; nothing more can be read. */
  close(): void {
    for (const descriptor of this.#open) closeSync(descriptor);
    this.#open.clear();
  }
}
