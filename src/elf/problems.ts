import type { ElfProblem } from './model.ts';

/** A hostile file can have a fault in every entry; a person needs the first few. */
const MOST = 20;

/** Collects what is wrong with a file while it is read: each message once, the first {@link MOST} only. */
export class Problems {
  readonly list: ElfProblem[] = [];

  add(rule: ElfProblem['rule'], message: string, offset?: number): void {
    if (this.list.length >= MOST || this.list.some((problem) => problem.message === message)) return;
    this.list.push(offset === undefined ? { rule, message } : { rule, message, offset });
  }

  malformed(message: string, offset?: number): void {
    this.add('elf/malformed', message, offset);
  }

  truncated(message: string, offset?: number): void {
    this.add('elf/truncated', message, offset);
  }
}
