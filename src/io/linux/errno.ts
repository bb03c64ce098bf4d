import { constants } from 'node:os';

const NAMES = new Map<number, string>(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** "EADDRINUSE" for 98. */
export function errorName(number: number): string {
  return NAMES.get(number) ?? `error ${number}`;
}
