import type { TypeId } from '../model.ts';

/** Ids are below 2^26, so that two of them fit into one exact number. */
const STRIDE = 2 ** 26;

/**
 * Values by two ids, one of each release. Nearly every type has one counterpart: the first of each old id lies in arrays,
 * only further ones in a map.
 */
export class PairMap<Value> {
  readonly #first: Int32Array;
  readonly #values: (Value | undefined)[] = [];
  readonly #more = new Map<number, Value>();

  /** @param count old ids */
  constructor(count: number) {
    this.#first = new Int32Array(count).fill(-1);
  }

  get(old: TypeId, now: TypeId): Value | undefined {
    return this.#first[old] === now ? this.#values[old] : this.#more.get(old * STRIDE + now);
  }

  set(old: TypeId, now: TypeId, value: Value): void {
    if (this.#first[old] === -1) this.#first[old] = now;
    if (this.#first[old] === now) this.#values[old] = value;
    else this.#more.set(old * STRIDE + now, value);
  }
}
