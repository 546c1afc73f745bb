type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** A larger copy of a column. */
function wider<T extends Column>(column: T, copy: T): T {
  copy.set(column);
  return copy;
}

const FIRST = 1024;

/** Scopes and named types, in the order of the section, as they are met. */
export class ScopeColumns {
  count = 0;
  offset = new Uint32Array(FIRST);
  tag = new Uint16Array(FIRST);
  unit = new Uint32Array(FIRST);
  parent = new Int32Array(FIRST);
  end = new Uint32Array(FIRST);
  declaration = new Uint8Array(FIRST);
  name = new Uint32Array(FIRST);

  /** Returns the position of the new row. */
  add(
    offset: number,
    tag: number,
    unit: number,
    parent: number,
    end: number,
    declaration: number,
    name: number,
  ): number {
    const at = this.count;
    if (at === this.offset.length) this.#grow(at * 2);
    this.offset[at] = offset;
    this.tag[at] = tag;
    this.unit[at] = unit;
    this.parent[at] = parent;
    this.end[at] = end;
    this.declaration[at] = declaration;
    this.name[at] = name;
    this.count = at + 1;
    return at;
  }

  #grow(size: number): void {
    this.offset = wider(this.offset, new Uint32Array(size));
    this.tag = wider(this.tag, new Uint16Array(size));
    this.unit = wider(this.unit, new Uint32Array(size));
    this.parent = wider(this.parent, new Int32Array(size));
    this.end = wider(this.end, new Uint32Array(size));
    this.declaration = wider(this.declaration, new Uint8Array(size));
    this.name = wider(this.name, new Uint32Array(size));
  }
}

/** Functions with code and variables with a place. */
export class PlacedColumns {
  count = 0;
  offset = new Uint32Array(FIRST);
  unit = new Uint32Array(FIRST);
  code = new Uint8Array(FIRST);
  address = new Float64Array(FIRST);

  add(offset: number, unit: number, code: number, address: number): void {
    const at = this.count;
    if (at === this.offset.length) this.#grow(at * 2);
    this.offset[at] = offset;
    this.unit[at] = unit;
    this.code[at] = code;
    this.address[at] = address;
    this.count = at + 1;
  }

  #grow(size: number): void {
    this.offset = wider(this.offset, new Uint32Array(size));
    this.unit = wider(this.unit, new Uint32Array(size));
    this.code = wider(this.code, new Uint8Array(size));
    this.address = wider(this.address, new Float64Array(size));
  }
}

/** Functions without code. */
export class UnplacedColumns {
  count = 0;
  offset = new Uint32Array(FIRST);
  unit = new Uint32Array(FIRST);
  name = new Uint32Array(FIRST);

  add(offset: number, unit: number, name: number): void {
    const at = this.count;
    if (at === this.offset.length) this.#grow(at * 2);
    this.offset[at] = offset;
    this.unit[at] = unit;
    this.name[at] = name;
    this.count = at + 1;
  }

  #grow(size: number): void {
    this.offset = wider(this.offset, new Uint32Array(size));
    this.unit = wider(this.unit, new Uint32Array(size));
    this.name = wider(this.name, new Uint32Array(size));
  }
}
