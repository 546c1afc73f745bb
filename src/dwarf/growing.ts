type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** A typed array that grows as values are added. */
export class Growing<T extends Column> {
  readonly #make: new (
    length: number,
  ) => T;
  #values: T;
  count = 0;

  constructor(make: new (length: number) => T) {
    this.#make = make;
    this.#values = new make(1024);
  }

  /** Adds a value and returns its position. */
  push(value: number): number {
    const at = this.count;
    if (at === this.#values.length) {
      const wider = new this.#make(at * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[at] = value;
    this.count = at + 1;
    return at;
  }

  get(at: number): number {
    return this.#values[at] ?? 0;
  }

  set(at: number, value: number): void {
    this.#values[at] = value;
  }

  /** The values that were added, not copied. */
  finish(): T {
    return this.#values.subarray(0, this.count) as T;
  }
}
