import { platformOf } from '../elf/machine.ts';
import type { ElfImage, ElfSymbol } from '../elf/model.ts';
import { nameText } from '../elf/name.ts';
import type { Finding } from '../rules/finding.ts';

/** What `inspect` tells of a file that Go made. */
export interface GoInspection {
  /** Label and text, escaped. */
  readonly rows: readonly (readonly [label: string, text: string])[];
  /** Of a plugin: what stands before the names of its own symbols. Raw text. */
  readonly pluginPath?: string;
  /** The `go` part of the JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** What `inspect` found out about one file. */
export interface Inspection {
  /** As the user named it. */
  readonly file: string;
  /** `sha256:<64 hex digits>`; only the JSON tells it. */
  readonly digest?: string;
  /** Bytes. */
  readonly size: number;
  /** Absent when the file is not ELF. */
  readonly image?: ElfImage;
  readonly go?: GoInspection;
  readonly findings: readonly Finding[];
}

/**
 * The JSON of `inspect --format json`, schema/inspect.v1.json. A file that is not ELF has only `schema`, `file`,
 * `digest`, `size` and `findings`. What is absent in the file is null or an empty list.
 */
export function toInspectJson({
  file,
  digest,
  size,
  image,
  go,
  findings,
}: Inspection): Readonly<Record<string, unknown>> {
  const head = { schema: 'plugin-gate/inspect/v1', file, digest, size };
  if (image === undefined) return { ...head, findings };
  const { header, dynamic, versions, hardening, debug } = image;
  const text = (raw: string | undefined): string | null => (raw === undefined ? null : nameText(raw));
  return {
    ...head,
    type: header.type,
    class: header.class,
    machine: header.machine,
    endian: header.endian,
    platform: platformOf(header) ?? null,
    soname: text(dynamic.soname),
    interpreter: text(image.interpreter),
    needed: dynamic.needed.map(nameText),
    rpath: text(dynamic.rpath),
    runpath: text(dynamic.runpath),
    flags: dynamic.flags,
    flags1: dynamic.flags1,
    symbols: image.symbols.map((symbol) => ({ ...symbolJson(symbol), default: symbol.default })),
    undefined: image.undefined.map((symbol) => ({ ...symbolJson(symbol), library: text(symbol.library) })),
    versions: {
      defined: versions.defined.map(({ name, base, weak, parents }) => ({
        name: nameText(name),
        base,
        weak,
        parents: parents.map(nameText),
      })),
      needed: versions.needed.map((need) => ({
        library: nameText(need.library),
        versions: need.versions.map(({ name, weak }) => ({ name: nameText(name), weak })),
      })),
    },
    floors: image.floors,
    hardening,
    relocations: image.relocations,
    initializers: {
      init: dynamic.hasInit,
      fini: dynamic.hasFini,
      initArray: dynamic.initArray,
      finiArray: dynamic.finiArray,
    },
    buildId: image.notes.buildId ?? null,
    properties: image.notes.properties,
    debug: { ...debug, debugLink: debug.debugLink ?? null, debugAltLink: debug.debugAltLink ?? null },
    sizes: image.sizes,
    ...(go === undefined ? {} : { go: go.json }),
    findings,
  };
}

function symbolJson(symbol: ElfSymbol): Readonly<Record<string, unknown>> {
  return {
    name: nameText(symbol.name),
    version: symbol.version === undefined ? null : nameText(symbol.version),
    binding: symbol.binding,
    type: symbol.type,
    visibility: symbol.visibility,
    size: symbol.size,
  };
}
