import * as AT from './at.ts';
import type { Die } from './entry.ts';
import type { DwarfFile } from './file.ts';
import * as TAG from './tag.ts';
import type { UnitHeader } from './unit.ts';

export interface UnitPlace {
  readonly file: DwarfFile;
  readonly unit: UnitHeader;
}

/** A program can be described by several files: dwz moves what files share to another, split DWARF has one for each source. */
export class DwarfProgram {
  /** In the order in which they were opened. */
  readonly files: DwarfFile[] = [];
  #skeletons = new Map<bigint, UnitPlace>();
  #importers: Map<UnitHeader, UnitPlace> | undefined;

  /** Makes a skeleton unit known; of two with one id the first counts. */
  addSkeleton(id: bigint, place: UnitPlace): void {
    if (!this.#skeletons.has(id)) this.#skeletons.set(id, place);
  }

  skeleton(id: bigint | undefined): UnitPlace | undefined {
    return id === undefined ? undefined : this.#skeletons.get(id);
  }

  /** The type of a type unit that lies in another file than the reference to it. */
  typeOfSignature(signature: bigint, except: DwarfFile): Die | undefined {
    for (const file of this.files) {
      const found = file === except ? undefined : file.typeOfSignature(signature);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A compile unit that imports a partial unit (DW_TAG_imported_unit), directly or through others. */
  importerOf(partial: UnitHeader): UnitPlace | undefined {
    this.#importers ??= this.#readImports();
    let place = this.#importers.get(partial);
    for (let step = 0; step < MAX_IMPORT_CHAIN && place !== undefined && isPartial(place); step += 1)
      place = this.#importers.get(place.unit);
    return place;
  }

  #readImports(): Map<UnitHeader, UnitPlace> {
    const importers = new Map<UnitHeader, UnitPlace>();
    for (const file of this.files) {
      for (const { offset, unit: at } of file.index().imports) {
        const unit = file.units[at];
        const target = unit === undefined ? undefined : file.entryAt(unit, offset)?.get(AT.import);
        if (unit === undefined || target === undefined) continue;
        const imported = file.resolve(target, unit);
        if (imported !== undefined && !importers.has(imported.unit)) importers.set(imported.unit, { file, unit });
      }
    }
    return importers;
  }
}

const MAX_IMPORT_CHAIN = 64;

/** By the tag: before version 5, headers tell nothing. */
function isPartial({ file, unit }: UnitPlace): boolean {
  return file.root(unit)?.tag === TAG.partial_unit;
}
