import type {
  AbiSymbol,
  Access,
  Base,
  Declared,
  Enumerator,
  Language,
  Member,
  Method,
  MissingEvidence,
  OdrConflict,
  TemplateArgument,
  TypeGraph,
  TypeId,
  TypeNode,
  Variants,
} from '../abi/model.ts';
import {
  ascending,
  type Codec,
  choice,
  flag,
  type Kinds,
  list,
  number,
  optional,
  record,
  reference,
  tagged,
  text,
} from './codec.ts';

/** The type graph, as a snapshot keeps it; see src/abi/model.ts for what the fields mean. */

const id: Codec<TypeId> = reference('types.nodes');
const access: Codec<Access> = choice('public', 'protected', 'private');
const language: Codec<Language> = choice('c', 'c++', 'rust', 'go', 'other');
const declared = optional(record<Declared>({ file: text, line: ascending, column: optional(number) }));

type Of<K extends TypeNode['kind']> = TypeNode extends infer N
  ? N extends { readonly kind: infer Some }
    ? K extends Some
      ? Omit<N, 'kind'>
      : never
    : never
  : never;

const member = record<Member>({
  name: optional(text),
  type: id,
  bitOffset: number,
  bitSize: optional(number),
  alignment: optional(number),
  access: optional(access),
  mutable: optional(flag),
  declared,
  tag: optional(text),
  embedded: optional(flag),
});

const base = record<Base>({ type: id, offset: optional(number), virtual: flag, access: optional(access) });

const method = record<Method>({
  name: text,
  linkageName: optional(text),
  type: id,
  virtual: choice('no', 'virtual', 'pure'),
  slot: optional(number),
  access: optional(access),
  static: flag,
  deleted: optional(flag),
  defaulted: optional(flag),
  explicit: optional(flag),
  artificial: optional(flag),
  declared,
});

const variants = record<Variants>({
  discriminant: optional(member),
  variants: list(record<Variants['variants'][number]>({ value: optional(text), name: optional(text), member })),
});

const pointer = record<Of<'pointer'>>({ target: id, size: optional(number) });
const qualifier = record<Of<'const'>>({ target: id });

const compound = record<Of<'struct'>>({
  name: optional(text),
  scope: text,
  language,
  declaration: flag,
  size: number,
  alignment: optional(number),
  members: list(member),
  staticMembers: list(record<Of<'struct'>['staticMembers'][number]>({ name: text, type: id, declared })),
  bases: list(base),
  methods: list(method),
  templateArguments: list(
    record<TemplateArgument>({ name: optional(text), type: optional(id), value: optional(text) }),
  ),
  variants: optional(variants),
  passing: optional(choice('by-value', 'by-reference')),
  goMethods: optional(list(record<NonNullable<Of<'struct'>['goMethods']>[number]>({ name: text, type: id }))),
  declared,
});

const kinds: Kinds<TypeNode, 'kind'> = {
  void: record<object>({}),
  base: record<Of<'base'>>({ name: text, size: number, encoding: text, bitSize: optional(number) }),
  pointer,
  reference: pointer,
  'rvalue-reference': pointer,
  const: qualifier,
  volatile: qualifier,
  restrict: qualifier,
  atomic: qualifier,
  shared: qualifier,
  immutable: qualifier,
  typedef: record<Of<'typedef'>>({
    name: text,
    scope: text,
    target: id,
    declared,
    language: optional(choice('go')),
    methods: optional(list(method)),
    alignment: optional(number),
  }),
  array: record<Of<'array'>>({ element: id, dimensions: list(optional(number)), vector: optional(flag) }),
  'member-pointer': record<Of<'member-pointer'>>({ container: id, target: id }),
  function: record<Of<'function'>>({
    result: id,
    parameters: list(
      record<Of<'function'>['parameters'][number]>({ type: id, name: optional(text), artificial: optional(flag) }),
    ),
    variadic: flag,
    prototyped: flag,
    callingConvention: optional(number),
    results: optional(list(id)),
  }),
  enum: record<Of<'enum'>>({
    name: optional(text),
    scope: text,
    size: number,
    underlying: optional(id),
    scoped: flag,
    enumerators: list(record<Enumerator>({ name: text, value: text })),
    declaration: flag,
    declared,
  }),
  struct: compound,
  class: compound,
  union: compound,
  unspecified: record<Of<'unspecified'>>({ name: text }),
  unknown: record<Of<'unknown'>>({ reason: text }),
  slice: record<Of<'slice'>>({ element: id }),
  map: record<Of<'map'>>({ key: id, value: id }),
  channel: record<Of<'channel'>>({ element: id, direction: choice('both', 'send', 'receive') }),
};

const symbol = record<AbiSymbol>({
  name: text,
  version: optional(text),
  kind: choice('function', 'variable'),
  type: optional(id),
  qualifiedName: optional(text),
  language: optional(language),
  declared,
  noreturn: optional(flag),
  access: optional(access),
  imported: optional(flag),
  alignment: optional(number),
});

const missing = record<MissingEvidence>({
  code: choice(
    'no-debug-info',
    'symbol-without-type',
    'split-missing',
    'alt-missing',
    'unsupported',
    'malformed',
    'limit',
  ),
  message: text,
  fix: text,
  symbols: optional(list(text)),
});

export const graphCodec: Codec<TypeGraph> = record<TypeGraph>({
  nodes: list(tagged<TypeNode, 'kind'>('kind', kinds)),
  symbols: list(symbol),
  missing: list(missing),
  odr: list(record<OdrConflict>({ name: text, nodes: list(id) })),
  producers: list(text),
  pointerSize: number,
  littleEndian: flag,
  nominal: optional(flag),
});
