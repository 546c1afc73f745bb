/** Columns that text reports wrap at, from the terminal's own. */
export function textWidth(width: number | undefined): number {
  return Math.min(120, Math.max(60, width ?? 100));
}
