import type { TypeNode } from '../model.ts';
import { qualifiedName } from '../names.ts';

/**
 * Whether two types are the same class of libstdc++ in its two ABIs, of which _GLIBCXX_USE_CXX11_ABI chooses one:
 * `std::__cxx11::basic_string` keeps its text in itself or on the heap, the older `std::basic_string` shares it.
 */
export function isOtherLibraryAbi(a: TypeNode, b: TypeNode): boolean {
  // Told by the scope in nearly all cases, without putting names together.
  if (!isInStd(a) || !isInStd(b)) return false;
  const one = qualifiedName(a);
  const other = qualifiedName(b);
  if (one === other) return false;
  return one.replaceAll('__cxx11::', '') === other.replaceAll('__cxx11::', '');
}

function isInStd(node: TypeNode): boolean {
  if (!('scope' in node)) return false;
  const { scope } = node;
  return scope === 'std' || (scope === '' ? (node.name ?? '') : scope).startsWith('std::');
}
