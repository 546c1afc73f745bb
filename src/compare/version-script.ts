import type { Location } from '../rules/finding.ts';
import { isGlob } from './glob.ts';
import { type Token, tokenize } from './version-script-tokens.ts';

/** One name or pattern of a node. */
export interface ScriptPattern {
  readonly text: string;
  readonly wildcard: boolean;
  /** `C++` and `Java` patterns are matched against demangled names. */
  readonly language: string;
  readonly location: Location;
}

/** A version node; the anonymous one, which gives no version, has no name. */
export interface ScriptNode {
  readonly name?: string;
  readonly parents: readonly string[];
  readonly global: readonly ScriptPattern[];
  readonly local: readonly ScriptPattern[];
  readonly location: Location;
}

export interface ScriptProblem {
  readonly message: string;
  readonly location: Location;
}

/** A version script as it was read. With problems, the nodes that could be read are still there. */
export interface VersionScript {
  readonly file: string;
  readonly nodes: readonly ScriptNode[];
  readonly problems: readonly ScriptProblem[];
}

const TEXT_MOST = 4 * 1024 * 1024;
const PATTERNS_MOST = 200_000;
const WILDCARDS_MOST = 2000;
const PROBLEMS_MOST = 20;
const DEPTH_MOST = 4;

/**
 * Reads a version script of the GNU linker (also the dialect of lld and gold): nodes with parents, `global:` and
 * `local:` lists, quoted names, wildcards, `extern "LANG" { ... }`, both kinds of comments. Source: GNU ld manual, VERSION
 * command; ldgram.y.
 * @param text the script
 * @param file its name, for locations
 */
export function parseVersionScript(text: string, file: string): VersionScript {
  if (text.length > TEXT_MOST) {
    const message = `The version script is larger than ${TEXT_MOST} characters.`;
    return { file, nodes: [], problems: [{ message, location: { file, line: 1, column: 1 } }] };
  }
  const { tokens, problems } = tokenize(text, file);
  const parser = new Parser(tokens, file, problems);
  const nodes = parser.script();
  return { file, nodes, problems: [...problems, ...parser.problems].slice(0, PROBLEMS_MOST) };
}

interface Lists {
  readonly global: ScriptPattern[];
  readonly local: ScriptPattern[];
}

class Parser {
  readonly problems: ScriptProblem[] = [];
  private at = 0;
  private patterns = 0;
  private wildcards = 0;
  private readonly tokens: readonly Token[];
  private readonly file: string;

  constructor(tokens: readonly Token[], file: string, before: readonly ScriptProblem[]) {
    this.tokens = tokens;
    this.file = file;
    if (tokens.length === 0 && before.length === 0) this.problem('The version script is empty.', this.here());
  }

  script(): ScriptNode[] {
    const nodes: ScriptNode[] = [];
    const names = new Set<string>();
    while (this.at < this.tokens.length && this.problems.length < PROBLEMS_MOST) {
      const node = this.node();
      if (node === undefined) continue;
      if (node.name !== undefined && names.has(node.name)) {
        this.problem(`The version ${node.name} is defined twice.`, node.location);
      }
      for (const parent of node.parents) {
        if (!names.has(parent))
          this.problem(`${node.name} inherits from ${parent}, which is not defined before it.`, node.location);
      }
      if (node.name !== undefined) names.add(node.name);
      nodes.push(node);
    }
    const anonymous = nodes.find(({ name }) => name === undefined);
    if (anonymous !== undefined && nodes.length > 1) {
      this.problem('A node without a name cannot stand beside others.', anonymous.location);
    }
    return nodes;
  }

  private node(): ScriptNode | undefined {
    const location = this.here();
    const name = this.takeWord();
    if (!this.take('{')) {
      this.problem(
        `Expected "{" to open ${name === undefined ? 'a version node' : `the node ${name}`}, found ${this.found()}.`,
        this.here(),
      );
      this.skipBehind('}');
      this.take(';');
      return undefined;
    }
    const lists: Lists = { global: [], local: [] };
    const closed = this.members(lists, name);
    const parents: string[] = [];
    for (let parent = this.takeWord(); parent !== undefined; parent = this.takeWord()) parents.push(parent);
    if (!this.take(';') && closed)
      this.problem(`Expected ";" behind ${name ?? 'the node'}, found ${this.found()}.`, this.here());
    return { ...(name !== undefined && { name }), parents, ...lists, location };
  }

  /** Whether the list was closed. */
  private members(lists: Lists, node: string | undefined): boolean {
    let list = lists.global;
    while (this.at < this.tokens.length && this.problems.length < PROBLEMS_MOST) {
      if (this.take('}')) return true;
      const token = this.tokens[this.at];
      const label = token?.kind === 'word' && this.tokens[this.at + 1]?.text === ':' ? token.text : undefined;
      if (label !== undefined) {
        if (label === 'global') list = lists.global;
        else if (label === 'local') list = lists.local;
        else this.problem(`"${label}:" is not known; a node has "global:" and "local:".`, this.here());
        this.at += 2;
      } else this.member(list, 'C', 0);
    }
    this.problem(`The node ${node ?? 'without a name'} is not closed.`, this.here());
    return false;
  }

  private member(list: ScriptPattern[], language: string, depth: number): void {
    const token = this.tokens[this.at];
    if (token === undefined) return;
    if (token.kind === 'word' && token.text === 'extern' && this.tokens[this.at + 1]?.kind === 'string') {
      this.external(list, depth);
      return;
    }
    if (token.kind === 'mark') {
      if (token.text !== ';') this.problem(`Expected a symbol name, found "${token.text}".`, this.here());
      this.at += 1;
      return;
    }
    const location = this.here();
    this.at += 1;
    const wildcard = token.kind === 'word' && isGlob(token.text);
    this.patterns += 1;
    if (wildcard) this.wildcards += 1;
    if (this.patterns > PATTERNS_MOST || this.wildcards > WILDCARDS_MOST) {
      this.problem('The version script has too many patterns to be checked.', location);
      this.at = this.tokens.length;
      return;
    }
    list.push({ text: token.text, wildcard, language, location });
    const next = this.tokens[this.at];
    if (next !== undefined && next.text !== ';' && next.text !== '}') {
      this.problem(`Expected ";" behind ${token.text}, found ${this.found()}.`, this.here());
    } else this.take(';');
  }

  private external(list: ScriptPattern[], depth: number): void {
    const language = this.tokens[this.at + 1]?.text ?? 'C';
    this.at += 2;
    if (!this.take('{')) {
      this.problem(`Expected "{" behind extern "${language}", found ${this.found()}.`, this.here());
      return;
    }
    if (depth >= DEPTH_MOST) {
      this.problem('extern blocks are nested too deeply.', this.here());
      this.at = this.tokens.length;
      return;
    }
    while (this.at < this.tokens.length && this.problems.length < PROBLEMS_MOST) {
      if (this.take('}')) {
        this.take(';');
        return;
      }
      this.member(list, language, depth + 1);
    }
    this.problem(`extern "${language}" is not closed.`, this.here());
  }

  private take(mark: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'mark' || token.text !== mark) return false;
    this.at += 1;
    return true;
  }

  private takeWord(): string | undefined {
    const token = this.tokens[this.at];
    if (token === undefined || token.kind === 'mark') return undefined;
    this.at += 1;
    return token.text;
  }

  private skipBehind(mark: string): void {
    while (this.at < this.tokens.length && !this.take(mark)) this.at += 1;
  }

  private found(): string {
    const token = this.tokens[this.at];
    return token === undefined ? 'the end of the file' : `"${token.text}"`;
  }

  private here(): Location {
    const token = this.tokens[this.at] ?? this.tokens.at(-1);
    return { file: this.file, line: token?.line ?? 1, column: token?.column ?? 1 };
  }

  private problem(message: string, location: Location): void {
    this.problems.push({ message, location });
  }
}
