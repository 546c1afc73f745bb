import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Sources that may hold something to tell; what it is takes the Go toolchain to say. */
const PLUGIN_OR_BYTES = /"plugin"|\bC\.CBytes\b/;
const GO_STATEMENT = /(?:^|[\s;{}])go\s+[\w(]/;
const INITIALISED = /^func init\(\)|^var\b[^=\n]*=.*\(|^var \($/m;

const SKIPPED = /^[._]|^(?:vendor|testdata|node_modules)$/;
const MOST_FILES = 5000;
const MOST_DIRECTORIES = 5000;
const LONGEST_FILE = 1024 * 1024;

/**
 * Whether the Go sources below a directory have anything that could be worth analysing: most have not, and compiling the
 * analyser takes seconds.
 */
export function hasSigns(directory: string): boolean {
  let starts = false;
  let initialises = false;
  for (const file of goFiles(directory)) {
    const text = readSmall(file);
    if (PLUGIN_OR_BYTES.test(text)) return true;
    starts ||= GO_STATEMENT.test(text);
    initialises ||= INITIALISED.test(text);
    if (starts && initialises) return true;
  }
  return false;
}

function* goFiles(root: string): Generator<string> {
  const waiting = [root];
  let files = 0;
  for (let count = 0; waiting.length > 0 && count < MOST_DIRECTORIES; count += 1) {
    const directory = waiting.pop() ?? root;
    for (const entry of entriesOf(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (!SKIPPED.test(entry.name)) waiting.push(path);
      } else if (entry.isFile() && entry.name.endsWith('.go') && !entry.name.endsWith('_test.go')) {
        files += 1;
        if (files > MOST_FILES) return;
        yield path;
      }
    }
  }
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return []; // what cannot be read has no signs
  }
}

function readSmall(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    return stat.isFile() && stat.size <= LONGEST_FILE ? readFileSync(descriptor, 'utf8') : '';
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
