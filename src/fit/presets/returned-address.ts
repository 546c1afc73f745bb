import { EM } from '../../elf/machine.ts';
import type { GoMemory } from '../../golang/memory.ts';

const LONGEST_FUNCTION = 64;

/**
 * The address that a function returns when it does nothing else, as compilers write `return &data;`: with or without a frame
 * and markers for indirect branches, through the GOT or not. Undefined for every other function; nothing is run.
 * @param address of the function, in memory relocated to 0
 */
export function returnedAddress(memory: GoMemory, address: number): number | undefined {
  switch (memory.machineCode) {
    case EM.X86_64:
      return fromX86(memory, address);
    case EM.AARCH64:
      return fromArm(memory, address);
    default:
      return undefined;
  }
}

/** Intel SDM: lea 8D /r, mov 8B /r, with a REX.W prefix and an operand relative to the next instruction. */
function fromX86(memory: GoMemory, start: number): number | undefined {
  let at = start;
  const skip = (...bytes: readonly number[]): void => {
    if (bytes.every((byte, index) => memory.u8(at + index) === byte)) at += bytes.length;
  };
  skip(0xf3, 0x0f, 0x1e, 0xfa); // endbr64
  skip(0x55); // push rbp
  skip(0x48, 0x89, 0xe5); // mov rbp, rsp
  const [prefix, opcode, operand] = [memory.u8(at), memory.u8(at + 1), memory.u8(at + 2)];
  if (prefix !== 0x48 || operand !== 0x05) return undefined; // rax, [rip + ...]
  const target = at + 7 + memory.i32(at + 3);
  at += 7;
  skip(0xc9); // leave
  skip(0x5d); // pop rbp
  skip(0xf3); // rep ret
  if (memory.u8(at) !== 0xc3) return undefined;
  if (opcode === 0x8d) return target;
  return opcode === 0x8b ? memory.pointer(target) : undefined;
}

/** Arm ARM: adrp, add (immediate), ldr (unsigned offset), ret; bti and pac markers are passed over. */
function fromArm(memory: GoMemory, start: number): number | undefined {
  let value: number | undefined;
  for (let at = start; at < start + LONGEST_FUNCTION && memory.has(at, 4); at += 4) {
    const word = memory.u32(at);
    if (word === 0xd65f03c0) return value; // ret
    // hint: bti, paciasp, autiasp, nop
    if ((word & 0xfffff01f) >>> 0 === 0xd503201f) continue;
    if ((word & 0x1f) !== 0) return undefined; // everything else must write to x0
    const pages = ((word >>> 5) & 0x7ffff) * 4 + ((word >>> 29) & 3);
    const signed = pages >= 2 ** 20 ? pages - 2 ** 21 : pages;
    if ((word & 0x9f000000) >>> 0 === 0x90000000) value = Math.floor(at / 4096) * 4096 + signed * 4096;
    else if ((word & 0x9f000000) >>> 0 === 0x10000000) value = at + signed;
    else if (value !== undefined && (word & 0xffc003e0) >>> 0 === 0x91000000) value += (word >>> 10) & 0xfff;
    else if (value !== undefined && (word & 0xffc003e0) >>> 0 === 0xf9400000) {
      value = memory.pointer(value + ((word >>> 10) & 0xfff) * 8);
    } else return undefined;
  }
  return undefined;
}
