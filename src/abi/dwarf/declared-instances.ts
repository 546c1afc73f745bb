import * as AT from '../../dwarf/at.ts';
import type { Die } from '../../dwarf/file.ts';
import { withTags } from '../../dwarf/layout.ts';
import type { DwarfProgram } from '../../dwarf/program.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { TemplateArgument } from '../model.ts';
import { typeOf } from './attributes.ts';
import { definitionsNamed } from './definitions.ts';
import { join, scopeOf } from './scope.ts';
import type { TypeSource } from './type-source.ts';

/** Types in the arguments of one instance; names longer than this are not looked through. */
const MAX_ARGUMENTS = 64;
const MAX_NAME = 16 * 1024;
/** Different types that are looked for in all instances of a program. */
const MAX_SOUGHT = 20_000;

/** The described types of a program by the way in which names of instances spell them; null where there is none. */
const known = new WeakMap<DwarfProgram, Map<string, Die | null>>();

/** Names that need no description: of numbers, of the standard library, and words around names. */
const KNOWN =
  /^(?:(?:std|__gnu_cxx)::.*|const|volatile|unsigned|signed|long|short|int|char(?:8|16|32)?(?:_t)?|wchar_t|bool|float|double|void|__int128|__float128|_Float\d+x?|true|false|noexcept)$/;

const isTypeParameter = withTags(TAG.template_type_parameter);

/**
 * The described types in the arguments of a class template's instance that is only declared: compilers leave out the
 * class where they need not know it (clang's -fno-standalone-debug), and what its consumers put into it is described all
 * the same: in `std::vector<Point> &`, the size of Point. The name tells the arguments where no entries do. What nothing
 * describes is listed without a type.
 */
export function argumentsOfDeclared(declared: Die, source: TypeSource): readonly TemplateArgument[] {
  const text = declared.text(AT.name);
  if (text === undefined || text.length > MAX_NAME) return [];
  if (!text.includes('<')) return declared.hasChildren ? describedByEntries(declared, source) : [];
  const found = new Map<string, TemplateArgument>();
  const open = [...typesNamed(text)].reverse();
  for (let next = open.pop(); next !== undefined && found.size < MAX_ARGUMENTS; next = open.pop()) {
    if (found.has(next)) continue;
    const die = describedAs(next, declared);
    if (die !== undefined) found.set(next, { name: next, type: source.idOf(die) });
    // An instance that is only declared, too: what it is made of.
    else if (next.includes('<')) open.push(...[...typesNamed(next)].reverse());
    else if (!KNOWN.test(next)) found.set(next, { name: next });
  }
  return [...found.values()];
}

/** clang with -gsimple-template-names. */
function describedByEntries(declared: Die, source: TypeSource): readonly TemplateArgument[] {
  return declared.file.childrenWith(declared, isTypeParameter).flatMap((parameter, at) => {
    const type = typeOf([parameter]);
    return typeof type === 'object' ? [{ name: String(at), type: source.idOf(type) }] : [];
  });
}

function describedAs(path: string, near: Die): Die | undefined {
  const { program } = near.file;
  let sought = known.get(program);
  if (sought === undefined) {
    sought = new Map();
    known.set(program, sought);
  }
  const before = sought.get(path);
  if (before !== undefined) return before ?? undefined;
  if (sought.size >= MAX_SOUGHT) return undefined;
  const name = path.slice(scopeLength(path));
  const die = definitionsNamed(program.files, name).find((one) => join(scopeOf(one), name) === path);
  sought.set(path, die ?? null);
  return die;
}

/** Characters of a path that name the scope, with the colons behind it. */
function scopeLength(path: string): number {
  let depth = 0;
  for (let at = path.length - 1; at > 0; at -= 1) {
    const letter = path[at];
    if (letter === '>') depth += 1;
    else if (letter === '<') depth -= 1;
    else if (letter === ':' && depth === 0) return at + 1;
  }
  return 0;
}

/** Characters of names, with those of anonymous namespaces and lambdas, which are no interface and are left out whole. */
const PART = /[A-Za-z0-9_$:]/;

/** The names in the outermost list of arguments of an instance, `geo::List<int>`; keywords and numbers are among them. */
function* typesNamed(instance: string): Generator<string> {
  let at = instance.indexOf('<') + 1;
  while (at > 0 && at < instance.length) {
    if (!PART.test(instance[at] ?? '')) {
      at += 1;
      continue;
    }
    const start = at;
    let depth = 0;
    for (; at < instance.length; at += 1) {
      const letter = instance[at] ?? '';
      if (letter === '<') depth += 1;
      else if (letter === '>') {
        if (depth === 0) break;
        depth -= 1;
      } else if (depth === 0 && !PART.test(letter)) break;
    }
    const path = instance.slice(start, at);
    if (depth === 0 && !/^[\d:]/.test(path)) yield path;
  }
}
