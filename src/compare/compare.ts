import type { ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { compareAttributes } from './attributes.ts';
import { compareFloors } from './floors.ts';
import { change } from './fold.ts';
import { compareHardening } from './hardening.ts';
import { compareKind, compareObjects, compareTarget } from './identity.ts';
import { interfaceOf, isGoPlugin } from './interface.ts';
import { compareLoading } from './loading.ts';
import type { CompareOptions, ImagePair } from './model.ts';
import { compareImports, compareNeeded, compareSoname, compareVersionNeeds } from './needs.ts';
import { requiredMissing } from './required.ts';
import { compareSymbols } from './symbols.ts';
import { openTypes } from './types.ts';
import { checkVersionScript } from './version-script-check.ts';
import { compareVersions } from './versions.ts';

/**
 * Everything that changed between two releases of a shared object, as far as symbols, versions, needs, hardening and
 * load behaviour tell, and what stays open about its types. Reads nothing but its arguments.
 */
export function compareImages(old: ElfImage, now: ElfImage, options: CompareOptions = {}): readonly Finding[] {
  const images: ImagePair = { old, new: now };
  const promised = [
    ...requiredMissing(now, options.required ?? []),
    ...(options.versionScript === undefined ? [] : checkVersionScript(options.versionScript, now)),
  ];
  if (options.sameContent === true) return promised;
  const target = compareTarget(images);
  // For another machine every symbol, need and flag differs for that one reason.
  if (target.length > 0) return [...target, ...promised];
  const symbols =
    isGoPlugin(old) || isGoPlugin(now) ? compareGoPlugins(images, options) : compareExports(images, options);
  return [
    ...compareKind(images),
    ...compareObjects(images),
    ...symbols,
    ...compareSoname(images),
    ...compareNeeded(images),
    ...compareVersionNeeds(images),
    ...compareImports(images),
    ...compareFloors(images),
    ...compareHardening(images),
    ...compareLoading(images),
    ...promised,
  ];
}

function compareExports(images: ImagePair, options: CompareOptions): readonly Finding[] {
  const [before, after] = [interfaceOf(images.old), interfaceOf(images.new)];
  const { findings, pairs } = compareSymbols(images, before, after);
  return [
    ...findings,
    ...compareVersions(images, before, after),
    ...compareAttributes(pairs, options.types?.sizesTold),
    ...(options.types?.findings ?? []),
    ...openTypes(pairs, options.types),
  ];
}

/**
 * A Go plugin exports every function of its packages to the dynamic linker, the runtime included; what a host can look
 * up stands in a table of its own (runtime/plugin.go), which has to be read from Go's side.
 */
function compareGoPlugins(images: ImagePair, options: CompareOptions): readonly Finding[] {
  if (isGoPlugin(images.old) !== isGoPlugin(images.new)) {
    const [before, after] = isGoPlugin(images.old) ? ['a Go plugin', 'not one'] : ['not a Go plugin', 'one'];
    const message = `The old file is ${before}, the new one is ${after}: plugin.Open and dlopen hosts cannot take one for the other.`;
    const fix = 'Keep the build mode of the previous release (go build -buildmode=plugin or c-shared).';
    return [change('change/not-loadable', 'breaking', message, { subject: 'Go plugin', fix })];
  }
  if (options.go !== undefined) return options.go;
  const message = 'The exported symbols of the Go plugin were not compared: this comparison reads C symbols only.';
  return [change('abi/types-not-compared', 'undecided', message, { subject: 'Go plugin' })];
}
