import type { ElfImage } from '../elf/model.ts';

/**
 * Whether the file is a Go plugin (-buildmode=plugin). It shares the runtime with its host, so the runtime's list of modules
 * is among its dynamic symbols; c-shared libraries keep their own runtime to themselves.
 */
export function isGoPlugin(image: ElfImage): boolean {
  const isModuleList = ({ name }: { readonly name: string }) => name === 'runtime.lastmoduledatap';
  return image.symbols.some(isModuleList) || image.undefined.some(isModuleList);
}
