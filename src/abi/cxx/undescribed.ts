import { severityOfEffect } from '../../rules/effects.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { TypeGraph } from '../model.ts';
import { qualifiedName } from '../names.ts';

const MAX_NAMED = 5;
const MAX_AFFECTED = 200;

/**
 * C++ classes that exported symbols lead to and that neither release describes. Most are meant to be opaque; but gcc and
 * clang also leave out classes whose tables and constructors are made elsewhere: interfaces of the host are such.
 */
export function undescribedClasses(old: TypeGraph, now: TypeGraph): readonly Finding[] {
  const before = declaredOnly(old);
  const names = [...declaredOnly(now)].filter((name) => before.has(name)).sort();
  if (names.length === 0) return [];
  const told = names.slice(0, MAX_NAMED).join(', ');
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  const one = names.length === 1;
  const what = `${one ? 'the class' : `${names.length} classes:`} ${told}${more}`;
  const why = one ? 'it is opaque, or the compiler left it out' : 'they are opaque, or the compiler left them out';
  const message = `Neither release describes ${what}: ${why}. What headers of consumers define of that was not compared; with -femit-class-debug-always (gcc) or -fstandalone-debug (clang) it is.`;
  return [
    finding('abi/classes-not-described', message, {
      effect: 'compatible',
      severity: severityOfEffect('compatible'),
      subject: names[0] ?? '',
      affected: names.slice(0, MAX_AFFECTED),
    }),
  ];
}

function declaredOnly({ nodes, producers }: TypeGraph): ReadonlySet<string> {
  const names = new Set<string>();
  // gcc records the option; with it, a class without a description has none in the source either.
  if (producers.length > 0 && producers.every((text) => text.includes('-femit-class-debug-always'))) return names;
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[at];
    if (node?.kind !== 'struct' && node?.kind !== 'class') continue;
    if (!node.declaration || node.language !== 'c++' || node.name === undefined) continue;
    const name = qualifiedName(node);
    // The standard library's own are described where the library is built; what consumers put into them is not.
    const lacks = node.templateArguments.some(({ type }) => type === undefined);
    if (lacks || !/^(?:std|__gnu_cxx|__cxxabiv1)::/.test(name)) names.add(name);
  }
  return names;
}
