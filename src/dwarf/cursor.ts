/**
 * Reads numbers and strings from a section, never beyond its end. The error is sticky: after the first read that
 * does not fit, `failed` is true and every read gives 0 or an empty value, so that a caller checks once at the end.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly little: boolean;
  offset: number;
  end: number;
  failed = false;
  readonly #view: DataView;

  /** @param end reads stop before this offset; the section's length at the most */
  constructor(bytes: Uint8Array, little: boolean, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.little = little;
    this.offset = offset;
    this.end = Math.min(end, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (offset < 0 || offset > this.end) this.fail();
  }

  /** Starts anew at another place of the same section, so that one cursor serves many short reads. */
  move(offset: number, end: number): this {
    this.failed = false;
    this.end = Math.min(end, this.bytes.length);
    this.offset = offset;
    if (!(offset >= 0 && offset <= this.end)) this.fail();
    return this;
  }

  fail(): 0 {
    this.failed = true;
    this.offset = this.end;
    return 0;
  }

  get done(): boolean {
    return this.offset >= this.end;
  }

  skip(count: number): void {
    // Written so that NaN, negative and huge counts all fail.
    if (count >= 0 && count <= this.end - this.offset) this.offset += count;
    else this.fail();
  }

  u8(): number {
    const { offset } = this;
    if (offset >= this.end) return this.fail();
    this.offset = offset + 1;
    return this.bytes[offset] ?? 0;
  }

  u16(): number {
    const { offset } = this;
    if (offset + 2 > this.end) return this.fail();
    this.offset = offset + 2;
    return this.#view.getUint16(offset, this.little);
  }

  /** Three bytes: DW_FORM_strx3, addrx3. */
  u24(): number {
    const { offset } = this;
    if (offset + 3 > this.end) return this.fail();
    const low = this.u16();
    const high = this.u8();
    return this.little ? low + high * 0x10000 : low * 0x100 + high;
  }

  u32(): number {
    const { offset } = this;
    if (offset + 4 > this.end) return this.fail();
    this.offset = offset + 4;
    return this.#view.getUint32(offset, this.little);
  }

  /** An unsigned 64-bit number as a double: exact up to 2^53, rounded above, which no offset or size in a real file is. */
  u64(): number {
    const { offset } = this;
    if (offset + 8 > this.end) return this.fail();
    this.offset = offset + 8;
    const first = this.#view.getUint32(offset, this.little);
    const second = this.#view.getUint32(offset + 4, this.little);
    return this.little ? first + second * 4294967296 : first * 4294967296 + second;
  }

  /** A signed 64-bit number as a double, as {@link u64}. */
  i64(): number {
    return Number(BigInt.asIntN(64, this.big64()));
  }

  /** An unsigned 64-bit number, exact: type signatures, addresses with high bits, constants. */
  big64(): bigint {
    const { offset } = this;
    if (offset + 8 > this.end) {
      this.fail();
      return 0n;
    }
    this.offset = offset + 8;
    return this.#view.getBigUint64(offset, this.little);
  }

  /** A section offset: 4 bytes in the 32-bit format, 8 in the 64-bit one (DWARF 5 section 7.4). */
  sectionOffset(dwarf64: boolean): number {
    return dwarf64 ? this.u64() : this.u32();
  }

  address(size: number): number {
    switch (size) {
      case 8:
        return this.u64();
      case 4:
        return this.u32();
      case 2:
        return this.u16();
      case 1:
        return this.u8();
      default:
        return this.fail();
    }
  }

  uleb(): number {
    const { bytes, end } = this;
    let { offset } = this;
    let result = 0;
    let factor = 1;
    for (;;) {
      if (offset >= end) return this.fail();
      const byte = bytes[offset] ?? 0;
      offset += 1;
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
      // 10 bytes hold 64 bits; longer is padding at best, an attack at worst.
      if (factor > 1.2e21) return this.fail();
    }
    this.offset = offset;
    return result;
  }

  /** An unsigned LEB128 number; a bigint only where a double is not exact. */
  ulebExact(): number | bigint {
    const { offset } = this;
    const value = this.uleb();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    this.offset = offset;
    return this.ulebBig();
  }

  /** A signed LEB128 number; a bigint only where a double is not exact. */
  sleb(): number | bigint {
    const { bytes, end, offset: start } = this;
    let offset = start;
    let result = 0;
    for (let factor = 1; factor <= 2 ** 42; factor *= 128) {
      if (offset >= end) return this.fail();
      const byte = bytes[offset] ?? 0;
      offset += 1;
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.offset = offset;
        return byte & 0x40 ? result - factor * 128 : result;
      }
    }
    const wide = this.slebBig();
    return isSafe(wide) ? Number(wide) : wide;
  }

  /** Exact beyond 2^53 for the few constants that need it. */
  ulebBig(): bigint {
    let result = 0n;
    let shift = 0n;
    for (;;) {
      const byte = this.u8();
      if (this.failed) return 0n;
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
      shift += 7n;
      if (shift > 70n) {
        this.fail();
        return 0n;
      }
    }
  }

  slebBig(): bigint {
    let result = 0n;
    let shift = 0n;
    for (;;) {
      const byte = this.u8();
      if (this.failed) return 0n;
      result |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return byte & 0x40 ? result - (1n << shift) : result;
      if (shift > 70n) {
        this.fail();
        return 0n;
      }
    }
  }

  /** Moves behind a LEB128 number of either kind. */
  skipLeb(): void {
    const { bytes, end } = this;
    let { offset } = this;
    while (offset < end && (bytes[offset] ?? 0) >= 0x80) offset += 1;
    if (offset >= end) this.fail();
    else this.offset = offset + 1;
  }

  skipString(): void {
    const terminator = this.bytes.indexOf(0, this.offset);
    if (terminator < 0 || terminator >= this.end) this.fail();
    else this.offset = terminator + 1;
  }

  block(length: number): Uint8Array {
    const start = this.offset;
    this.skip(length);
    return this.failed ? this.bytes.subarray(0, 0) : this.bytes.subarray(start, this.offset);
  }
}

/** Whether a number is exact as a double. */
export function isSafe(value: bigint): boolean {
  return value <= MAX_SAFE && value >= -MAX_SAFE;
}
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
