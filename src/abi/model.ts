/**
 * The type graph: plain nodes addressed by ids. The readers (DWARF, Go runtime types, snapshots) fill it; comparison,
 * naming and classification each read it and know nothing of each other or of DWARF.
 *
 * Names are raw text from the file, untrusted. Sizes and offsets are bytes unless a field says bits.
 */

/** Index into {@link TypeGraph.nodes}. */
export type TypeId = number;

export interface Declared {
  /** Path as the compiler recorded it, made relative to the compilation directory or the repository where it can be. */
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

export type Access = 'public' | 'protected' | 'private';

export interface Member {
  /** Absent for anonymous members. */
  readonly name?: string;
  readonly type: TypeId;
  /** Offset of the first bit from the start of the record; multiples of 8 but for bit-fields. */
  readonly bitOffset: number;
  /** Width of a bit-field; absent for others. */
  readonly bitSize?: number;
  readonly access?: Access;
  readonly mutable?: boolean;
  /** Bytes, where the source demands them (alignas). */
  readonly alignment?: number;
  /** Go: the tag of the field, which is part of its type. */
  readonly tag?: string;
  /** Go: the field is embedded; its methods and fields are promoted. */
  readonly embedded?: boolean;
  readonly declared?: Declared;
}

export interface Base {
  readonly type: TypeId;
  /** Byte offset of the subobject; for virtual bases its place is in the vtable and this is absent. */
  readonly offset?: number;
  readonly virtual: boolean;
  readonly access?: Access;
}

/** A member function as the class declares it. */
export interface Method {
  readonly name: string;
  readonly linkageName?: string;
  readonly type: TypeId;
  readonly virtual: 'no' | 'virtual' | 'pure';
  /** Slot in the vtable, where the producer tells. */
  readonly slot?: number;
  readonly access?: Access;
  readonly static: boolean;
  readonly deleted?: boolean;
  readonly defaulted?: boolean;
  readonly explicit?: boolean;
  readonly artificial?: boolean;
  readonly declared?: Declared;
}

export interface Enumerator {
  readonly name: string;
  /** Exact decimal text: values can be wider than a double holds. */
  readonly value: string;
}

export interface TemplateArgument {
  readonly name?: string;
  readonly type?: TypeId;
  readonly value?: string;
}

/** Rust enum: where the discriminant lies and which variant each value selects. */
export interface Variants {
  readonly discriminant?: Member;
  readonly variants: readonly { readonly value?: string; readonly name?: string; readonly member: Member }[];
}

export type TypeNode =
  | { readonly kind: 'void' }
  | {
      readonly kind: 'base';
      readonly name: string;
      readonly size: number;
      readonly encoding: string;
      readonly bitSize?: number;
    }
  | {
      readonly kind: 'pointer' | 'reference' | 'rvalue-reference';
      readonly target: TypeId;
      readonly size?: number;
    }
  | { readonly kind: 'const' | 'volatile' | 'restrict' | 'atomic' | 'shared' | 'immutable'; readonly target: TypeId }
  | {
      readonly kind: 'typedef';
      readonly name: string;
      /** As of records; in Go the import path of the package. */
      readonly scope: string;
      readonly target: TypeId;
      /** Bytes, where the source demands them (`__attribute__((aligned))`); 0 where the compiler does not tell. */
      readonly alignment?: number;
      /** Go: a type of its own, not another name for its target. */
      readonly language?: 'go';
      /** Go: the exported methods of a pointer to it, where a variable of it is exported. */
      readonly methods?: readonly Method[];
      readonly declared?: Declared;
    }
  | {
      readonly kind: 'array';
      readonly element: TypeId;
      /** Elements by dimension; undefined for unknown bounds and flexible members. */
      readonly dimensions: readonly (number | undefined)[];
      readonly vector?: boolean;
    }
  | { readonly kind: 'member-pointer'; readonly container: TypeId; readonly target: TypeId }
  | {
      readonly kind: 'function';
      readonly result: TypeId;
      readonly parameters: readonly { readonly type: TypeId; readonly name?: string; readonly artificial?: boolean }[];
      readonly variadic: boolean;
      /** C: declared with a parameter list. */
      readonly prototyped: boolean;
      readonly callingConvention?: number;
      /** Several results (Go). */
      readonly results?: readonly TypeId[];
    }
  | {
      readonly kind: 'enum';
      readonly name?: string;
      readonly scope: string;
      readonly size: number;
      readonly underlying?: TypeId;
      readonly scoped: boolean;
      readonly enumerators: readonly Enumerator[];
      readonly declaration: boolean;
      readonly declared?: Declared;
    }
  | {
      readonly kind: 'struct' | 'class' | 'union';
      /** Absent for anonymous records; a typedef that names it is used for display. */
      readonly name?: string;
      /** Enclosing namespaces and classes joined with `::`, empty at global scope; in Go the import path of the package. */
      readonly scope: string;
      readonly language: Language;
      /** Only declared in all units: opaque. */
      readonly declaration: boolean;
      readonly size: number;
      readonly alignment?: number;
      readonly members: readonly Member[];
      readonly staticMembers: readonly { readonly name: string; readonly type: TypeId; readonly declared?: Declared }[];
      readonly bases: readonly Base[];
      readonly methods: readonly Method[];
      readonly templateArguments: readonly TemplateArgument[];
      readonly variants?: Variants;
      /** How a value is passed, where the producer tells (DW_AT_calling_convention 4 and 5). */
      readonly passing?: 'by-value' | 'by-reference';
      /** Go interface: its method set. */
      readonly goMethods?: readonly { readonly name: string; readonly type: TypeId }[];
      readonly declared?: Declared;
    }
  | { readonly kind: 'unspecified'; readonly name: string }
  /** A type that could not be read; comparison treats everything that reaches it as undecided. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** Go. */
  | { readonly kind: 'slice'; readonly element: TypeId }
  | { readonly kind: 'map'; readonly key: TypeId; readonly value: TypeId }
  | { readonly kind: 'channel'; readonly element: TypeId; readonly direction: 'both' | 'send' | 'receive' };

export type Language = 'c' | 'c++' | 'rust' | 'go' | 'other';

/** A symbol of the dynamic symbol table with the type that debug information gives it. */
export interface AbiSymbol {
  readonly name: string;
  readonly version?: string;
  readonly kind: 'function' | 'variable';
  /** Absent when no debug information describes it. */
  readonly type?: TypeId;
  /** Source name with scope, `geo::Shape::area`; absent for C. */
  readonly qualifiedName?: string;
  readonly language?: Language;
  readonly declared?: Declared;
  readonly noreturn?: boolean;
  /** Variables: bytes, where the source demands them (alignas). */
  readonly alignment?: number;
  /** Members of C++ classes. */
  readonly access?: Access;
  /** Undefined symbols: what the plugin takes from its host. */
  readonly imported?: boolean;
}

/** What the reader could not do; each makes part of the answer undecided. */
export interface MissingEvidence {
  readonly code:
    | 'no-debug-info'
    | 'symbol-without-type'
    | 'split-missing'
    | 'alt-missing'
    | 'unsupported'
    | 'malformed'
    | 'limit';
  readonly message: string;
  /** What to do to get it. */
  readonly fix: string;
  readonly symbols?: readonly string[];
}

/** Same-named types that differ within one file (violations of the one definition rule). */
export interface OdrConflict {
  readonly name: string;
  readonly nodes: readonly TypeId[];
}

export interface TypeGraph {
  readonly nodes: readonly TypeNode[];
  readonly symbols: readonly AbiSymbol[];
  readonly missing: readonly MissingEvidence[];
  readonly odr: readonly OdrConflict[];
  readonly producers: readonly string[];
  readonly pointerSize: number;
  readonly littleEndian: boolean;
  /**
   * Types are what they are called, and consumers ask for exactly them, as Go's type assertions do: any other type at a
   * place is another one, whatever its layout.
   */
  readonly nominal?: boolean;
}
