import { readElf } from '../../elf/read.ts';
import { finding } from '../../rules/make.ts';
import type { AbiInput } from '../abi.ts';
import type { TypeGraph } from '../model.ts';
import { compareWithHost, type HostComparison, type HostOptions } from './compare-host.ts';

/** A file that was read, and where its debug information may lie. */
export type TypedFile = Pick<AbiInput, 'bytes' | 'search'>;

/**
 * {@link compareWithHost} for files that were not looked into yet.
 * @param plugin the plugin, or the types that were recorded of it
 */
export function hostTypes(plugin: TypedFile | TypeGraph, host: TypedFile, options: HostOptions): HostComparison {
  const own = 'nodes' in plugin ? plugin : readable(plugin);
  const other = readable(host);
  if (other === undefined || own === undefined) {
    const which = other === undefined ? options.name : 'The plugin';
    const why = `${which} is no ELF file that can be read, so that types were not compared.`;
    const unseen = finding('fit/host-types-unseen', why, {
      subject: options.name,
      severity: 'undecided',
      effect: 'undecided',
    });
    return { findings: [unseen], compared: [], agreed: new Set() };
  }
  return compareWithHost(own, other, options);
}

function readable(file: TypedFile): AbiInput | undefined {
  const { image } = readElf(file.bytes);
  return image === undefined ? undefined : { ...file, image };
}
