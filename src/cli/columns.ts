import { wrap } from '../lab/text.ts';
import { visible } from './words.ts';

/** Words beside a label, and figures as people read them. */

/**
 * A line, or several when it is too long: label, then words that are broken at blanks and stay beside it.
 *
 * Units:  `width` and `indent` in columns.
 */
export function labelled(label: string, text: string, width: number, indent = 16): string[] {
  const lines = wrap(visible(text), Math.max(20, width - indent));
  return lines.map((each, index) => `${(index === 0 ? `  ${label}` : '').padEnd(indent)}${each}`.trimEnd());
}

/** "17 s", "4 min", "3 h 12 min", "5 d 2 h". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "812 B", "4.2 kB", "1.7 GB", in powers of 1000. */
export function octets(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** "1 packet", "1,234 packets". */
export function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function number(count: number): string {
  return count.toLocaleString('en-US');
}
