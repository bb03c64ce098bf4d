import {
  type Objection,
  objectToIdentifier,
  objectToInterface,
  objectToIpv4,
  objectToServer,
  octets,
} from '../daemon/configuration/values.ts';
import { TeredoError } from '../errors.ts';
import { parseIpv4, parseIpv6 } from '../wire/text.ts';

/** Values of flags that are no keys, checked. Errors name flag, value, what is wrong with it and what would be right. */

/** A command line that cannot be meant. Its code starts with `TD-USAGE`, and the process ends with status 2. */
export function usageError(flag: string, value: string, reason: string, fix: string, suffix = ''): TeredoError {
  return new TeredoError(`TD-USAGE${suffix}`, `${value === '' ? flag : `${flag} ${value}`}: ${reason}`, fix);
}

/** A unicast IPv4 address as an int32. */
export function ipv4Flag(flag: string): (value: string) => number {
  return (value) => {
    refuse(flag, value, objectToIpv4(value));
    return parseIpv4(value)!;
  };
}

export function numberFlag(flag: string, least: number, most: number, what: string): (value: string) => number {
  return (value) => {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw usageError(flag, value, `not ${what}`, `choose a whole number from ${least} to ${most}`);
  };
}

export function portFlag(flag: string): (value: string) => number {
  return numberFlag(flag, 1, 65_535, 'a UDP port');
}

/** An IPv6 address, as text. */
export function addressFlag(flag: string): (value: string) => string {
  return (value) => {
    if (parseIpv6(value) !== undefined) return value;
    throw usageError(flag, value, 'not an IPv6 address', 'write it as "2001:0:cb00:7101:25:5f6d:3fff:fdd2"');
  };
}

/** One of some words. */
export function choiceFlag(flag: string, words: readonly string[]): (value: string) => string {
  return (value) => {
    if (words.includes(value)) return value;
    throw usageError(flag, value, 'no such choice', `choose ${words.join(' or ')}`);
  };
}

export function interfaceFlag(flag: string): (value: string) => string {
  return (value) => {
    refuse(flag, value, objectToInterface(value));
    return value;
  };
}

/** The text of a server argument: a name or an IPv4 address. */
export function serverArgument(value: string): string {
  refuse('SERVER', value, objectToServer(value));
  return value;
}

/** A client identifier, as text or hex:... */
export function identifierFlag(flag: string): (value: string) => Uint8Array {
  return (value) => {
    refuse(flag, value.startsWith('hex:') ? 'hex:...' : value, objectToIdentifier(value));
    return octets(value)!;
  };
}

function refuse(flag: string, value: string, objection: Objection): void {
  if (objection !== undefined) throw usageError(flag, value, objection.reason, objection.fix);
}
