/** One line of the native loader's report: an event name and fields, checked only to be a flat JSON object. */
export interface LoaderEvent {
  readonly event: string;
  /** Milliseconds since the loader started. */
  readonly time: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Longest line that native/loader/report.h can write. */
const LONGEST_LINE = 320 * 1024;

/** The event of one line, or undefined when it is none. Never throws. */
export function parseEvent(line: string): LoaderEvent | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = { ...value } as Readonly<Record<string, unknown>>;
  const { event, time } = fields;
  if (typeof event !== 'string' || typeof time !== 'number' || !(time >= 0)) return undefined;
  return { event, time, fields };
}

/**
 * What a Go host told: the loader passes its lines on as text, without having read them. The plugin runs in the same process.
 * @returns an event with the time at which the loader took it; undefined when it is none
 */
export function toldEvent(event: LoaderEvent): LoaderEvent | undefined {
  const line = event.event === 'told' ? textField(event, 'line') : undefined;
  if (line === undefined) return undefined;
  const text = asUtf8(line);
  // The host has no clock that could be trusted.
  return parseEvent(text.replace(/^\{/, `{"time":${event.time},`));
}

/** Bytes that are written as Latin-1, one character each, as the text that they are; what is no UTF-8 becomes U+FFFD. */
export function asUtf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

export function textField({ fields }: LoaderEvent, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

export function numberField({ fields }: LoaderEvent, name: string): number | undefined {
  const value = fields[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** As {@link numberField}; the loader writes -1 for what it could not read. */
export function countField(event: LoaderEvent, name: string): number | undefined {
  const value = numberField(event, name);
  return value === undefined || value < 0 ? undefined : value;
}

export function flagField({ fields }: LoaderEvent, name: string): boolean {
  return fields[name] === true;
}
