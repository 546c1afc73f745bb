import { availableParallelism } from 'node:os';

/** Lets so many activities run at a time; the others wait, in the order in which they came. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count at least 1 */
  constructor(count: number) {
    this.#free = count;
  }

  /** Runs the activity when there is room for it. What it gives or throws is passed on. */
  async run<T>(activity: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((go) => this.#waiting.push(go));
    try {
      return await activity();
    } finally {
      // The place is handed over, so that nobody who comes in between takes it.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/**
 * One plugin for each processor: more would wait for each other, and a plugin that hangs or spins would make others miss their
 * time limits.
 */
export const LOADER_SLOTS = new Slots(Math.max(1, availableParallelism()));
