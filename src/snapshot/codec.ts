import { type ColumnReader, type ColumnWriter, SnapshotError } from './columns.ts';

/**
 * How a kind of value is put into columns and taken out again. One description does both, so that reading accepts
 * exactly what can be written, and the compiler tells when a model got a field that no snapshot would keep.
 */
export interface Codec<T> {
  /** Binds the codec to its columns; the returned function puts one value in. */
  readonly writer: (columns: ColumnWriter, path: string) => (value: T) => void;
  /** The returned function takes the next value out; it throws SnapshotError for what cannot have been written. */
  readonly reader: (columns: ColumnReader, path: string) => () => T;
}

export const text: Codec<string> = {
  writer: (columns, path) => {
    const column = columns.column(path);
    return (value) => void column.push(columns.text(value));
  },
  reader: (columns, path) => {
    const column = columns.column(path);
    return () => columns.text(column.nextIndex(columns.strings.length));
  },
};

/** A number that JSON can hold. */
export const number: Codec<number> = {
  writer: (columns, path) => {
    const column = columns.column(path);
    return (value) => {
      if (!Number.isFinite(value)) throw new SnapshotError(`${path} is ${value}, which no snapshot can hold.`);
      column.push(value);
    };
  },
  reader: (columns, path) => {
    const column = columns.column(path);
    return () => column.next();
  },
};

/** A whole number from 0, kept as the difference to the one before it: good for what mostly grows. */
export const ascending: Codec<number> = {
  writer: (columns, path) => {
    const column = columns.column(path);
    let before = 0;
    return (value) => {
      if (!Number.isSafeInteger(value) || value < 0) {
        throw new SnapshotError(`${path} is ${value}, which no snapshot can hold.`);
      }
      column.push(value - before);
      before = value;
    };
  },
  reader: (columns, path) => {
    const column = columns.column(path);
    let before = 0;
    return () => {
      before += column.next();
      if (!Number.isSafeInteger(before) || before < 0) throw new SnapshotError(`The column ${path} leaves its range.`);
      return before;
    };
  },
};

/**
 * The place of an element in a list that is kept at `target`.
 * Types mostly refer to types that were read just before, so differences are short.
 */
export function reference(target: string): Codec<number> {
  return {
    writer: ascending.writer,
    reader: (columns, path) => {
      const read = ascending.reader(columns, path);
      const end = columns.lengthOf(target);
      return () => {
        const at = read();
        if (at >= end) throw new SnapshotError(`The column ${path} refers to element ${at} of ${end}.`);
        return at;
      };
    },
  };
}

/** One of a few texts, kept as its number among them; new ones are added at the end. */
export function choice<const T extends string | number | boolean>(...values: readonly T[]): Codec<T> {
  const numbers = new Map<T, number>(values.map((value, at) => [value, at]));
  return {
    writer: (columns, path) => {
      const column = columns.column(path);
      return (value) => {
        const at = numbers.get(value);
        if (at === undefined) throw new SnapshotError(`${path} is ${String(value)}, which no snapshot can hold.`);
        column.push(at);
      };
    },
    reader: (columns, path) => {
      const column = columns.column(path);
      return () => {
        const value = values[column.nextIndex(values.length)];
        if (value === undefined) throw new SnapshotError(`The column ${path} names no known value.`);
        return value;
      };
    },
  };
}

export const flag: Codec<boolean> = choice(false, true);

/** A value or nothing; the column `<path>?` tells which, and is left out where there is nothing anywhere. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    writer: (columns, path) => {
      const presence = columns.column(`${path}?`);
      const write = codec.writer(columns, path);
      return (value) => {
        presence.push(value === undefined ? 0 : 1);
        if (value !== undefined) write(value);
      };
    },
    reader: (columns, path) => {
      const presence = columns.column(`${path}?`);
      const read = codec.reader(columns, path);
      if (presence.left === 0) return () => undefined;
      return () => (presence.nextIndex(2) === 1 ? read() : undefined);
    },
  };
}

/** A list; the column `<path>#` holds the lengths. */
export function list<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    writer: (columns, path) => {
      const lengths = columns.column(`${path}#`);
      const write = codec.writer(columns, path);
      return (values) => {
        lengths.push(values.length);
        for (const value of values) write(value);
      };
    },
    reader: (columns, path) => {
      const lengths = columns.column(`${path}#`);
      const read = codec.reader(columns, path);
      return () => {
        const length = lengths.nextIndex(Number.MAX_SAFE_INTEGER);
        columns.count(length);
        const values: T[] = [];
        for (let at = 0; at < length; at += 1) values.push(read());
        return values;
      };
    },
  };
}

/** A value or null. */
export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  const inner = optional(codec);
  return {
    writer: (columns, path) => {
      const write = inner.writer(columns, path);
      return (value) => write(value ?? undefined);
    },
    reader: (columns, path) => {
      const read = inner.reader(columns, path);
      return () => read() ?? null;
    },
  };
}

/** Names and values, in their order. */
export function dictionary<T>(codec: Codec<T>): Codec<Readonly<Record<string, T>>> {
  const entries = list(tuple(text, codec));
  return {
    writer: (columns, path) => {
      const write = entries.writer(columns, path);
      return (value) => write(Object.entries(value));
    },
    reader: (columns, path) => {
      const read = entries.reader(columns, path);
      // fromEntries defines properties, so that a key such as __proto__ stays one.
      return () => Object.fromEntries(read());
    },
  };
}

function tuple<A, B>(first: Codec<A>, second: Codec<B>): Codec<readonly [A, B]> {
  return {
    writer: (columns, path) => {
      const writeFirst = first.writer(columns, `${path}.key`);
      const writeSecond = second.writer(columns, `${path}.value`);
      return ([a, b]) => {
        writeFirst(a);
        writeSecond(b);
      };
    },
    reader: (columns, path) => {
      const readFirst = first.reader(columns, `${path}.key`);
      const readSecond = second.reader(columns, `${path}.value`);
      return () => [readFirst(), readSecond()] as const;
    },
  };
}

/** A codec for each field, the optional ones included: a model that grows does not compile until its snapshot does. */
export type Fields<T> = { readonly [K in keyof T]-?: Codec<undefined extends T[K] ? T[K] | undefined : T[K]> };

export function record<T extends object>(fields: Fields<T>): Codec<T> {
  const names = keysOf(fields);
  return {
    writer: (columns, path) => {
      const writers = names.map((name) => fieldWriter(fields, name, columns, path));
      return (value) => {
        for (const write of writers) write(value);
      };
    },
    reader: (columns, path) => {
      const readers = names.map((name) => [name, fields[name].reader(columns, joined(path, String(name)))] as const);
      return () => {
        const value: Partial<T> = {};
        for (const [name, read] of readers) {
          const found = read();
          // A key that is absent and one that is undefined are told apart by `in`.
          if (found !== undefined) value[name] = found;
        }
        // Fields<T> has a codec for each key, and only an optional one gives nothing.
        return value as T;
      };
    },
  };
}

function fieldWriter<T extends object, K extends keyof T>(
  fields: Fields<T>,
  name: K,
  columns: ColumnWriter,
  path: string,
): (value: T) => void {
  const write = fields[name].writer(columns, joined(path, String(name)));
  return (value) => write(value[name]);
}

function keysOf<T extends object>(fields: Fields<T>): readonly (keyof T)[] {
  return Object.keys(fields) as (keyof T)[];
}

/** The codecs of a union whose members differ in the field `K`: one for each of its values, without that field. */
export type Kinds<T, K extends keyof T> = {
  readonly [N in T[K] & string]: Codec<T extends unknown ? (N extends T[K] ? Omit<T, K> : never) : never>;
};

/** Records told apart by a field; each kind has columns of its own below `<path>.<kind>`. New ones go to the end. */
export function tagged<T extends object, K extends keyof T & string>(tag: K, kinds: Kinds<T, K>): Codec<T> {
  // What Object.entries forgets: the codec under a name is for records of that kind, and takes nothing else in.
  const entries = Object.entries(kinds) as readonly (readonly [string, Codec<object>])[];
  return {
    writer: (columns, path) => {
      const numbers = columns.column(joined(path, tag));
      const writers = new Map(
        entries.map(([name, codec], at) => [name, { at, write: codec.writer(columns, joined(path, name)) }] as const),
      );
      return (value) => {
        const kind = writers.get(String(value[tag]));
        if (kind === undefined) throw new SnapshotError(`${path} is of a kind that no snapshot can hold.`);
        numbers.push(kind.at);
        kind.write(value);
      };
    },
    reader: (columns, path) => {
      const numbers = columns.column(joined(path, tag));
      const readers = entries.map(([name, codec]) => ({ name, read: codec.reader(columns, joined(path, name)) }));
      return () => {
        const kind = readers[numbers.nextIndex(readers.length)];
        if (kind === undefined) throw new SnapshotError(`The column ${numbers.name} names no known kind.`);
        return { [tag]: kind.name, ...kind.read() } as T;
      };
    },
  };
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
