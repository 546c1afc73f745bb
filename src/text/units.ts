const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `0 B`, `940 B`, `1.5 KiB`, `120 MiB`: three digits at most, binary units. Anything but a finite number is `?`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '?';
  const sign = bytes < 0 ? '-' : '';
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, '');
  return `${sign}${digits} ${UNITS[unit]}`;
}

/** A change in bytes with its sign: `+1.5 KiB`, `-12 B`, `±0`. */
export function formatBytesChange(bytes: number): string {
  if (bytes === 0) return '±0';
  return bytes > 0 ? `+${formatBytes(bytes)}` : formatBytes(bytes);
}

/** A change in percent of the old value: `+4.2 %`; empty when the old value is 0 or nothing changed. */
export function formatPercentChange(old: number, now: number): string {
  if (old <= 0 || old === now || !Number.isFinite(now / old)) return '';
  const percent = ((now - old) / old) * 100;
  const text = Math.abs(percent) >= 10 ? percent.toFixed(0) : percent.toFixed(1);
  return `${percent > 0 ? '+' : ''}${text} %`;
}

/** `0 ms`, `340 ms`, `4.2 s`, `1 min 05 s`, `2 h 03 min`. Input in milliseconds. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '?';
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `1 finding`, `3 findings`, `10,000 findings`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `10,000`: the same in every locale of the machine. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
