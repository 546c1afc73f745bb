/** The code of a system error, such as `ENOENT`; empty where there is none. Not by class, of which there may be several. */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
