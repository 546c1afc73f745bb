import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { expectedFile } from './samples.ts';

/** Compares text with test/report/expected/<name>; UPDATE_EXPECTED=1 writes the file, for a person to review. */
export function expectText(name: string, text: string): void {
  const file = expectedFile(name);
  if (process.env.UPDATE_EXPECTED === '1') writeFileSync(file, text);
  expect(existsSync(file)).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
}
