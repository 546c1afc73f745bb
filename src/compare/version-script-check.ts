import type { ElfImage, ElfSymbol } from '../elf/model.ts';
import type { RuleId } from '../rules/catalogue.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { cappedNames, listNames, sortedNames } from './fold.ts';
import { matchesGlob } from './glob.ts';
import { interfaceOf, symbolLabel } from './interface.ts';
import type { ScriptNode, ScriptPattern, VersionScript } from './version-script.ts';

/** What the script says about a name. */
type Assignment =
  | { readonly kind: 'global'; readonly node: ScriptNode; readonly pattern: ScriptPattern }
  | { readonly kind: 'local'; readonly pattern: ScriptPattern }
  | { readonly kind: 'unlisted' }
  /** Only demangled names could tell. */
  | { readonly kind: 'unknown' };

/** Above this many symbols of one kind a single finding stands for all. */
const SINGLE_MOST = 10;

/**
 * Compares what a version script promises with what a file exports: names that are missing, not listed, local in the
 * script but exported, or bound to another version. These are findings about the file alone, so they have no effect on
 * the verdict of a comparison. A script with errors is not compared, and that leaves the verdict undecided.
 */
export function checkVersionScript(script: VersionScript, image: ElfImage): Finding[] {
  if (script.problems.length > 0) {
    return script.problems.map(({ message, location }) =>
      finding('sym/script-invalid', message, { effect: 'undecided', location, subject: script.file }),
    );
  }
  return [...missingSymbols(script, image), ...unexpectedSymbols(script, image)];
}

function missingSymbols(script: VersionScript, image: ElfImage): Finding[] {
  const exported = new Set(image.symbols.map(({ name }) => name));
  const missing = script.nodes.flatMap(({ global }) =>
    global.filter(({ text, wildcard, language }) => !wildcard && language === 'C' && !exported.has(text)),
  );
  return grouped(
    'sym/script-missing-symbol',
    missing.map((pattern) => ({ name: pattern.text, pattern })),
    (name) => `The version script lists ${name}, which the file does not export.`,
    (count, names) => `The version script lists ${count} symbols which the file does not export: ${names}.`,
  );
}

interface Place {
  readonly name: string;
  readonly pattern?: ScriptPattern;
}

function unexpectedSymbols(script: VersionScript, image: ElfImage): Finding[] {
  const rules = new ScriptRules(script);
  const nodes = new Set(script.nodes.map(({ name }) => name));
  const unlisted: Place[] = [];
  const leaked: Place[] = [];
  const others: Finding[] = [];
  for (const [name, symbols] of interfaceOf(image)) {
    // A .symver directive binds a symbol to a node of the script without naming it there.
    if (symbols.every(({ version }) => version !== undefined && nodes.has(version))) {
      const wrong = otherVersion(rules.assign(name), name, symbols);
      if (wrong !== undefined) others.push(wrong);
      continue;
    }
    const assignment = rules.assign(name);
    switch (assignment.kind) {
      case 'unlisted':
        unlisted.push({ name });
        break;
      case 'local':
        leaked.push({ name, pattern: assignment.pattern });
        break;
      case 'global': {
        const wrong = otherVersion(assignment, name, symbols);
        if (wrong !== undefined) others.push(wrong);
        break;
      }
      case 'unknown':
        break;
    }
  }
  return [
    ...grouped(
      'sym/script-not-listed',
      unlisted,
      (name) => `${name} is exported but not listed in the version script.`,
      (count, names) => `${count} symbols are exported but not listed in the version script: ${names}.`,
    ),
    ...grouped(
      'sym/script-local-leaked',
      leaked,
      (name) => `${name} is exported although the version script makes it local.`,
      (count, names) => `${count} symbols are exported although the version script makes them local: ${names}.`,
    ),
    ...others,
  ];
}

/** A name that the script lists literally under a node whose version no definition has. */
function otherVersion(assignment: Assignment, name: string, symbols: readonly ElfSymbol[]): Finding | undefined {
  if (assignment.kind !== 'global' || assignment.pattern.wildcard) return undefined;
  const wanted = assignment.node.name;
  if (symbols.some(({ version }) => version === wanted)) return undefined;
  const now = symbols.map(symbolLabel).join(', ');
  const message = `The version script puts ${name} into ${wanted ?? 'no version'}; the file exports ${now}.`;
  const { location } = assignment.pattern;
  return finding('sym/script-other-version', message, { subject: name, symbol: name, new: now, location });
}

function grouped(
  rule: RuleId,
  places: readonly Place[],
  one: (name: string) => string,
  many: (count: number, names: string) => string,
): Finding[] {
  if (places.length <= SINGLE_MOST) {
    return places.map(({ name, pattern }) =>
      finding(rule, one(name), { subject: name, symbol: name, ...(pattern && { location: pattern.location }) }),
    );
  }
  const names = sortedNames(places.map(({ name }) => name));
  const location = places[0]?.pattern?.location;
  return [
    finding(rule, many(names.length, listNames(names)), {
      affected: cappedNames(names),
      ...(location && { location }),
    }),
  ];
}

/**
 * How GNU ld assigns a name: literal names first, in the order of the nodes; then wildcards of global lists, then of
 * local ones; `*` alone last, global before local. Source: bfd/linker.c, bfd_find_version_for_sym.
 */
class ScriptRules {
  private readonly literal = new Map<string, Assignment>();
  private readonly wildGlobal: { readonly node: ScriptNode; readonly pattern: ScriptPattern }[] = [];
  private readonly wildLocal: ScriptPattern[] = [];
  private starGlobal: Assignment | undefined;
  private starLocal: Assignment | undefined;
  private readonly demangles: boolean;

  constructor(script: VersionScript) {
    this.demangles = script.nodes.some(({ global, local }) =>
      [...global, ...local].some(({ language }) => language !== 'C'),
    );
    for (const node of script.nodes) {
      for (const pattern of node.global) this.addGlobal(node, pattern);
      for (const pattern of node.local) this.addLocal(pattern);
    }
  }

  assign(name: string): Assignment {
    const literal = this.literal.get(name);
    if (literal !== undefined) return literal;
    if (this.demangles && name.startsWith('_Z')) return { kind: 'unknown' };
    const global = this.wildGlobal.find(({ pattern }) => matchesGlob(pattern.text, name));
    if (global !== undefined) return { kind: 'global', ...global };
    const local = this.wildLocal.find(({ text }) => matchesGlob(text, name));
    if (local !== undefined) return { kind: 'local', pattern: local };
    return this.starGlobal ?? this.starLocal ?? { kind: 'unlisted' };
  }

  private addGlobal(node: ScriptNode, pattern: ScriptPattern): void {
    if (pattern.language !== 'C') return;
    const assignment: Assignment = { kind: 'global', node, pattern };
    if (!pattern.wildcard) this.addLiteral(pattern.text, assignment);
    else if (pattern.text === '*') this.starGlobal ??= assignment;
    else this.wildGlobal.push({ node, pattern });
  }

  private addLocal(pattern: ScriptPattern): void {
    if (pattern.language !== 'C') return;
    const assignment: Assignment = { kind: 'local', pattern };
    if (!pattern.wildcard) this.addLiteral(pattern.text, assignment);
    else if (pattern.text === '*') this.starLocal ??= assignment;
    else this.wildLocal.push(pattern);
  }

  private addLiteral(name: string, assignment: Assignment): void {
    if (!this.literal.has(name)) this.literal.set(name, assignment);
  }
}
