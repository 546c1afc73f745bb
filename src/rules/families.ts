/** Families of rules, in the order of the documentation: what the part of an id before the slash stands for. */
const FAMILIES: Readonly<Record<string, string>> = {
  config: 'Configuration',
  build: 'Build',
  baseline: 'Previous release',
  elf: 'The file itself',
  sym: 'Symbols and symbol versions',
  abi: 'Types and layout',
  snapshot: 'Snapshots',
  change: 'Other changes between releases',
  version: 'Version of the release',
  go: 'Go plugins',
  dep: 'Libraries and systems it needs',
  hard: 'Hardening',
  fit: 'Fit into its hosts',
  sig: 'Signature and provenance',
  oci: 'Registries',
  release: 'Order of releases',
  load: 'Loading',
  swap: 'Hot swap',
  verdict: 'Signed verdict and audit record',
  policy: 'Policy and waivers',
  gate: 'The gate itself',
};

/** The family of a rule id: `sym/removed` is in `sym`. */
export function familyOf(id: string): string {
  return id.split('/', 1)[0] ?? id;
}

/** Heading of a family; the family's own name where there is none. */
export function familyTitle(family: string): string {
  return FAMILIES[family] ?? family;
}

/** Families in the order of the documentation, those without a place in it last and by name. */
export function byFamily(a: string, b: string): number {
  const order = Object.keys(FAMILIES);
  const place = (family: string) => (order.includes(family) ? order.indexOf(family) : order.length);
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0);
}
