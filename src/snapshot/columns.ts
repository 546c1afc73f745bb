/**
 * The columns of a snapshot: each field of each kind of record has a list of numbers of its own, and texts are numbers
 * of a table. Records lie apart, alike values lie together; that is what makes a snapshot a tenth of its size, and it
 * is read by counting, without looking for keys.
 */

/** Why a snapshot cannot be taken as it is; the message is a sentence for a person. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** By name: an error can come from another bundle of the same program. */
export function isSnapshotError(error: unknown): error is SnapshotError {
  return error instanceof Error && error.name === 'SnapshotError';
}

export interface ColumnTable {
  /** Distinct texts in the order of their first use. */
  readonly strings: readonly string[];
  readonly columns: Readonly<Record<string, readonly number[]>>;
}

/** Takes values in, column by column. */
export class ColumnWriter {
  readonly #strings = new Map<string, number>();
  readonly #columns = new Map<string, number[]>();

  column(name: string): number[] {
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    const made: number[] = [];
    this.#columns.set(name, made);
    return made;
  }

  text(value: string): number {
    const known = this.#strings.get(value);
    if (known !== undefined) return known;
    this.#strings.set(value, this.#strings.size);
    return this.#strings.size - 1;
  }

  /** Columns that say nothing are left out. */
  finish(): ColumnTable {
    const columns = [...this.#columns].filter(([name, values]) =>
      name.endsWith('?') ? values.includes(1) : values.length > 0,
    );
    return { strings: [...this.#strings.keys()], columns: Object.fromEntries(columns) };
  }
}

/** One column as it is read from its start to its end. */
export class Column {
  readonly name: string;
  readonly #values: readonly number[];
  #at = 0;

  constructor(name: string, values: readonly number[]) {
    this.name = name;
    this.#values = values;
  }

  /** @throws SnapshotError at the end */
  next(): number {
    const value = this.#values[this.#at];
    if (value === undefined) throw new SnapshotError(`The column ${this.name} ends too early.`);
    this.#at += 1;
    return value;
  }

  /** @throws SnapshotError unless it is a whole number below `end` */
  nextIndex(end: number): number {
    const value = this.next();
    if (!Number.isInteger(value) || value < 0 || value >= end) {
      throw new SnapshotError(`The column ${this.name} holds ${value}; whole numbers below ${end} can stand there.`);
    }
    return value;
  }

  get left(): number {
    return this.#values.length - this.#at;
  }
}

/** Characters that all texts together may come to, a text counted as often as it is used; gigabytes could not be shown. */
const MOST_TEXT = 256 * 1024 * 1024;

/** Elements of all lists together. */
const MOST_ELEMENTS = 16 * 1024 * 1024;

/** Gives values out, column by column, as they were taken in. */
export class ColumnReader {
  readonly strings: readonly string[];
  readonly #table: ReadonlyMap<string, readonly number[]>;
  readonly #open = new Map<string, Column>();
  #characters = 0;
  #elements = 0;

  constructor({ strings, columns }: ColumnTable) {
    this.strings = strings;
    this.#table = new Map(Object.entries(columns));
  }

  column(name: string): Column {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const made = new Column(name, this.#table.get(name) ?? []);
    this.#open.set(name, made);
    return made;
  }

  /** Length of the only list at a path. */
  lengthOf(path: string): number {
    return this.#table.get(`${path}#`)?.[0] ?? 0;
  }

  /** Elements that are about to be read: a length may lie. */
  count(elements: number): void {
    this.#elements += elements;
    if (this.#elements > MOST_ELEMENTS) throw new SnapshotError('Its lists are too long to be read.');
  }

  /** The text with a number; every use counts, for copies are made of names. */
  text(index: number): string {
    const value = this.strings[index] ?? '';
    this.#characters += value.length;
    if (this.#characters > MOST_TEXT) throw new SnapshotError('Its texts are too long to be compared.');
    return value;
  }

  /** @throws SnapshotError when there is more than was read: whoever wrote that meant something else */
  finish(): void {
    for (const [name, values] of this.#table) {
      const left = this.#open.get(name)?.left ?? values.length;
      if (left > 0) throw new SnapshotError(`The column ${name} holds ${left} values more than belong there.`);
    }
  }
}
