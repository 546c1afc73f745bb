import { isAbsolute } from 'node:path';

const KINDS = ['close', 'reload', 'cbytes', 'main-type', 'goroutine'] as const;

/** One place in Go sources, as native/goadvice tells it. Texts come from the sources: untrusted. */
export interface Remark {
  readonly kind: (typeof KINDS)[number];
  /** Relative to the directory that was analysed. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly subject: string;
  readonly via?: string;
  /** It is in a package main. */
  readonly main: boolean;
}

const MOST_REMARKS = 200;
const LONGEST_TEXT = 500;

/** The lines that are remarks; everything else is passed over. */
export function parseRemarks(output: string): readonly Remark[] {
  const remarks: Remark[] = [];
  for (const line of output.split('\n')) {
    const remark = line.startsWith('{') ? parseLine(line) : undefined;
    if (remark !== undefined && remarks.length < MOST_REMARKS) remarks.push(remark);
  }
  return remarks;
}

function parseLine(text: string): Remark | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, file, line, column, subject, via, main }: Readonly<Record<string, unknown>> = { ...value };
  const known = KINDS.find((one) => one === kind);
  if (known === undefined || !isText(file) || isAbsolute(file) || file.split('/').includes('..')) return undefined;
  if (!isPlace(line) || !isPlace(column) || !isText(subject)) return undefined;
  return { kind: known, file, line, column, subject, main: main === true, ...(isText(via) && via !== '' && { via }) };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST_TEXT;
const isPlace = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
