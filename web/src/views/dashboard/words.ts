/** Numbers and durations for people. */

export function number(value: number): string {
  return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
}

/** A rate: small ones with a decimal. */
export function rate(value: number): string {
  return value > 0 && value < 10 ? value.toFixed(1) : number(value);
}

/** "1.3 Mbit/s". */
export function bits(value: number): string {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'];
  let index = 0;
  let scaled = value;
  for (; scaled >= 1_000 && index < units.length - 1; index++) scaled /= 1_000;
  return `${scaled >= 100 || index === 0 ? Math.round(scaled) : scaled.toFixed(1)} ${units[index]}`;
}

export function octets(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let index = 0;
  let scaled = value;
  for (; scaled >= 1_024 && index < units.length - 1; index++) scaled /= 1_024;
  return `${index === 0 ? scaled : scaled.toFixed(1)} ${units[index]}`;
}

/** "now", "12 s", "3 min", "2 h", "5 d"; null: "never". */
export function ago(ms: number | null): string {
  if (ms === null) return 'never';
  const seconds = Math.round(ms / 1_000);
  if (seconds < 1) return 'now';
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** "19:04:05". */
export function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
