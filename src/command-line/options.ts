import { InvalidArgumentError, Option } from 'commander';
import type { Format } from '../commands/command.ts';

/** Options that several commands have, and the values that they take. */

export function milliseconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0) throw new InvalidArgumentError('Give a whole number of milliseconds.');
  return value;
}

/** Where `plan` writes, and what shards and their merge read. */
export const PLAN_FILE = 'plugin-gate-plan.json';

export function shardCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 256) throw new InvalidArgumentError('Give a number up to 256.');
  return value;
}

export function cycles(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100_000) {
    throw new InvalidArgumentError('Give a whole number from 1 to 100000.');
  }
  return value;
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function format(...choices: readonly Format[]): Option {
  return new Option('--format <format>', 'form of the output').choices([...choices]).default('text');
}

export function listOption(flags: string, description: string): Option {
  return new Option(flags, `${description} (repeatable)`).argParser(collect);
}

/** What the host takes symbols for that it looks up. */
export function entryOption(): Option {
  return listOption(
    '--entry <symbol=type>',
    'type of the host for a symbol that it looks up, such as plugin_init=plugin_init_fn or plugin_open=plugin_api.open',
  );
}
