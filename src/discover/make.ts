import { asName, type Candidate, nameOfLibrary } from './candidate.ts';
import { baseOf, directoryOf, logicalLines, pathIn, type Repository } from './repository.ts';

/** Shared objects that a makefile links with -shared. */
export function findMakePlugins(repository: Repository): Candidate[] {
  return repository.files
    .filter((file) => /^(?:GNUm|[Mm])akefile$/.test(baseOf(file)))
    .flatMap((file) => inMakefile(repository, file));
}

interface Rule {
  readonly targets: readonly string[];
  readonly needs: readonly string[];
  readonly recipe: string;
  readonly line: number;
}

function inMakefile(repository: Repository, file: string): Candidate[] {
  const lines = logicalLines(repository.read(file));
  const variables = variablesOf(lines.map(({ text }) => text).join('\n'));
  const rules = rulesOf(lines, variables);
  const wanted = rules.flatMap(({ needs, targets }) => [...needs, ...targets]).filter(isSharedObject);
  const directory = directoryOf(file);
  const command = directory === '.' ? ['make'] : ['make', '-C', directory];
  const found: Candidate[] = [];
  for (const rule of rules) {
    // A Go build is the go command's own business.
    if (!/(?:^|\s)-shared(?:\s|$)/.test(rule.recipe) || /-buildmode/.test(rule.recipe)) continue;
    const named = /\s-o\s*([^\s$@]+\.so[0-9.]*)(?:\s|$)/.exec(rule.recipe)?.[1];
    for (const target of outputsOf(rule, named, wanted)) {
      const artifact = pathIn(directory, target);
      if (artifact === undefined || found.some((one) => one.artifact === artifact)) continue;
      const script = /--version-script[=,]\s*([A-Za-z0-9_./-]+)/.exec(rule.recipe)?.[1];
      found.push({
        name: asName(nameOfLibrary(target)),
        kind: 'elf',
        artifact,
        build: { directory: '.', commands: [command] },
        versionScript: script === undefined ? undefined : pathIn(directory, script),
        evidence: `${file}:${rule.line}: linked with -shared`,
      });
    }
  }
  return found;
}

/** The files that a rule makes: its targets, or for a pattern rule those that others ask for. */
function outputsOf(rule: Rule, named: string | undefined, wanted: readonly string[]): string[] {
  const plain = rule.targets.filter((target) => isSharedObject(target) && !target.includes('%'));
  if (plain.length > 0) return plain;
  const patterns = rule.targets.filter((target) => target.includes('%') && target.includes('.so'));
  const matching = wanted.filter((file) => !file.includes('%') && patterns.some((pattern) => fits(pattern, file)));
  if (matching.length > 0) return [...new Set(matching)];
  return named === undefined ? [] : [named];
}

function fits(pattern: string, file: string): boolean {
  const [before = '', after = ''] = pattern.split('%');
  return file.length > before.length + after.length && file.startsWith(before) && file.endsWith(after);
}

function isSharedObject(word: string): boolean {
  return /^[A-Za-z0-9_./%-]+\.so(?:\.[0-9.]+)?$/.test(word);
}

function variablesOf(text: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const match of text.matchAll(/^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*(\+=|[:?]{0,2}=)[ \t]*([^\n#]*)/gm)) {
    const [, name = '', operator, value = ''] = match;
    variables.set(name, operator === '+=' ? `${variables.get(name) ?? ''} ${value.trim()}` : value.trim());
  }
  return variables;
}

/** A few rounds, since variables name variables; what stays unknown stays as it is. Length limited. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  let expanded = text;
  for (let round = 0; round < 5; round++) {
    const next = expanded.replaceAll(
      /\$[({]([A-Za-z_][A-Za-z0-9_]*)[)}]/g,
      (whole, name: string) => variables.get(name) ?? whole,
    );
    if (next === expanded || next.length > 20_000) break;
    expanded = next;
  }
  return expanded;
}

function rulesOf(lines: ReturnType<typeof logicalLines>, variables: ReadonlyMap<string, string>): Rule[] {
  const rules: Rule[] = [];
  for (const [index, { text, line }] of lines.entries()) {
    const [, targets, needs = ''] = /^([^\t#=:][^=:#]*):{1,2}(?![=:])([^=#;]*)/.exec(text) ?? [];
    if (targets === undefined) continue;
    const recipe: string[] = [];
    for (let next = index + 1; next < lines.length; next++) {
      const row = lines[next]?.text ?? '';
      if (!/^(?:\t|\s*$)/.test(row)) break;
      recipe.push(row);
    }
    rules.push({
      targets: words(expand(targets, variables)),
      needs: words(expand(needs, variables)),
      recipe: ` ${expand(recipe.join('\n'), variables)} `,
      line,
    });
  }
  return rules;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
