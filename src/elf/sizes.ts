import { isDebugSection } from './debug.ts';
import type { ElfImage, Section, Segment } from './model.ts';
import { hasFlag, SHF, SHT } from './sections.ts';
import { PT } from './segments.ts';

/** Bytes by kind: from sections where there are any, which is finer; from loaded segments otherwise. */
export function measure(
  fileSize: number,
  segments: readonly Segment[],
  sections: readonly Section[],
): ElfImage['sizes'] {
  const sizes = { file: fileSize, text: 0, rodata: 0, data: 0, bss: 0, debug: 0 };
  if (sections.length > 0) {
    for (const section of sections) {
      if (isDebugSection(section)) sizes.debug += section.typeCode === SHT.NOBITS ? 0 : section.size;
      if (!hasFlag(section, SHF.ALLOC)) continue;
      sizes[kindOf(section)] += section.size;
    }
    return sizes;
  }
  for (const segment of segments) {
    if (segment.typeCode !== PT.LOAD) continue;
    const kind = segment.flags.execute ? 'text' : segment.flags.write ? 'data' : 'rodata';
    sizes[kind] += segment.fileSize;
    sizes.bss += Math.max(0, segment.memorySize - segment.fileSize);
  }
  return sizes;
}

function kindOf(section: Section): 'text' | 'rodata' | 'data' | 'bss' {
  if (section.typeCode === SHT.NOBITS) return 'bss';
  if (hasFlag(section, SHF.EXECINSTR)) return 'text';
  return hasFlag(section, SHF.WRITE) ? 'data' : 'rodata';
}
