import { isMap, isSeq, parseDocument, type YAMLMap, YAMLSeq } from 'yaml';
import type { Waiver } from '../rules/waivers.ts';

const NEW_FILE = `# Findings of plugin-gate that were accepted until a day. Reviewed like code.
version: 1
waivers: []
`;

const FIELDS = ['rule', 'subject', 'plugin', 'target', 'reason', 'owner', 'expires'] as const;

export interface Written {
  readonly text: string;
  readonly added: readonly Waiver[];
  /** Entries that were there already and got a new reason, owner and end. */
  readonly renewed: readonly Waiver[];
}

/**
 * Puts waivers into the text of a waivers file, keeping its comments and order.
 * @param text a file that loads without problems; undefined for a new one
 */
export function writeWaivers(text: string | undefined, waivers: readonly Waiver[]): Written {
  const before = text ?? NEW_FILE;
  const document = parseDocument(before);
  const found = document.get('waivers');
  const list = isSeq(found) ? found : new YAMLSeq();
  if (list !== found) document.set('waivers', list);
  if (list.items.length === 0) list.flow = false;

  const existing = new Map<string, YAMLMap>();
  for (const item of list.items) {
    if (isMap(item))
      existing.set(
        identityOf((field) => item.get(field)),
        item,
      );
  }
  const added: Waiver[] = [];
  const renewed: Waiver[] = [];
  for (const waiver of waivers) {
    const identity = identityOf((field) => waiver[field]);
    const entry = existing.get(identity);
    if (entry === undefined) {
      const fields = FIELDS.filter((field) => waiver[field] !== undefined).map((field) => [field, waiver[field]]);
      const node = document.createNode(Object.fromEntries(fields));
      list.add(node);
      if (isMap(node)) existing.set(identity, node);
      added.push(waiver);
    } else {
      for (const field of ['reason', 'owner', 'expires'] as const) entry.set(field, waiver[field]);
      renewed.push(waiver);
    }
  }
  // As the file has it, so that a review shows the new entries alone.
  const indentSeq = !/^waivers:[^\n]*\n(?:\s*#[^\n]*\n|\s*\n)*-/m.test(before);
  return { text: document.toString({ lineWidth: 0, indentSeq }), added, renewed };
}

function identityOf(field: (name: 'rule' | 'subject' | 'plugin' | 'target') => unknown): string {
  return JSON.stringify([field('rule'), field('subject'), field('plugin') ?? null, field('target') ?? null]);
}
