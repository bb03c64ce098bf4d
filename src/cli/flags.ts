import { readFileSync, statSync } from 'node:fs';
import { OFFLOADS, type Offloads } from '../daemon/configuration/configuration.ts';
import { TeredoError } from '../errors.ts';
import { formatIpv4, parseHex, parseIpv4 } from '../wire/text.ts';
import { wordsFor } from './words.ts';

const OTHERS_READ_OR_WRITE = 0o006;

/** Values of flags, checked. Each error names the flag, the value, what is wrong with it and what would be right. */

/** A command line that cannot be meant. Its code starts with `TD-USAGE`, and the process ends with status 2. */
export function usageError(flag: string, value: string, reason: string, fix: string, suffix = ''): TeredoError {
  return new TeredoError(`TD-USAGE${suffix}`, `${value === '' ? flag : `${flag} ${value}`}: ${reason}`, fix);
}

/** A unicast IPv4 address as an int32. */
export function ipv4Flag(flag: string): (value: string) => number {
  return (value) => {
    const ipv4 = parseIpv4(value);
    if (ipv4 === undefined) {
      throw usageError(flag, value, 'not an IPv4 address', 'write four numbers, for instance 192.0.2.1');
    }
    if (!isUnicast(ipv4)) {
      throw usageError(flag, value, 'not the address of a host', 'name a unicast address of this or the other host');
    }
    return ipv4;
  };
}

/** The address one above, what clients take for the second address of a server (ledger SRV-02). */
export function nextAddress(ipv4: number, flag: string): number {
  const next = (ipv4 + 1) | 0;
  if (isUnicast(next)) return next;
  throw usageError(flag, formatIpv4(ipv4), 'has no next address for a server to use', `say ${flag}2 ADDRESS`);
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

export function interfaceFlag(flag: string): (value: string) => string {
  return (value) => {
    if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/.test(value)) return value;
    throw usageError(flag, value, 'not a name for an interface', 'use 1 to 15 letters, digits, ".", "_" or "-"');
  };
}

/** "all", "none" or names with commas between. */
export function offloadsFlag(flag: string): (value: string) => Offloads {
  return (value) => {
    if (value === 'all') return OFFLOADS;
    const names = value === 'none' ? [] : value.split(',');
    const unknown = names.find((name) => !OFFLOADS.some((known) => known === name));
    if (unknown === undefined) return OFFLOADS.filter((known) => names.includes(known));
    throw usageError(flag, value, `there is no "${unknown}"`, `say "all", "none" or some of ${OFFLOADS.join(',')}`);
  };
}

/** The text of a server argument: a name or an IPv4 address. */
export function serverArgument(value: string): string {
  if (parseIpv4(value) !== undefined) {
    ipv4Flag('SERVER')(value);
    return value;
  }
  if (value.includes(':')) {
    throw usageError(
      'SERVER',
      value,
      'Teredo servers have IPv4 addresses, and always port 3544',
      'leave the rest away',
    );
  }
  const labels = value.replace(/\.$/, '').split('.');
  if (/[^\d.]/.test(value) && labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label))) {
    return value;
  }
  throw usageError('SERVER', value, 'neither a host name nor an IPv4 address', 'for instance 192.0.2.1');
}

/** Octets of a secret or an identifier: `hex:` and digits, or the text itself in UTF-8. */
export function octets(flag: string, text: string): Uint8Array {
  if (!text.startsWith('hex:')) return new TextEncoder().encode(text);
  const parsed = parseHex(text.slice(4));
  if (parsed !== undefined) return parsed;
  throw usageError(flag, 'hex:...', 'not hex digits in pairs', 'for instance hex:00ff17');
}

/** A client identifier, as long as its one octet of length can say (RFC 4380 §5.1.1). */
export function identifierFlag(flag: string): (value: string) => Uint8Array {
  return (value) => {
    const identifier = octets(flag, value);
    if (identifier.length > 0 && identifier.length <= 255) return identifier;
    throw usageError(flag, value, `${identifier.length} octets`, 'an identifier has 1 to 255 octets');
  };
}

/** Lines of a file of secrets, without comments. Errors: TeredoError when it cannot be read, or when everybody may. */
export function readSecretFile(flag: string, path: string): { readonly line: string; readonly number: number }[] {
  let text: string;
  let mode: number;
  try {
    const status = statSync(path);
    // A pipe may be meant ("<(pass show teredo)"); a device holds no secret, and its rights are nobody's to change.
    if (!status.isFile() && !status.isFIFO()) throw usageError(flag, path, 'is not a file', 'name a readable file');
    mode = status.mode;
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof TeredoError) throw error;
    throw usageError(flag, path, wordsFor(error), 'name a readable file');
  }
  if ((mode & OTHERS_READ_OR_WRITE) !== 0) {
    throw usageError(flag, path, 'everybody on this host may read or change it', `chmod 600 ${path}`);
  }
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.trim();
    return line === '' || line.startsWith('#') ? [] : [{ line, number: index + 1 }];
  });
}

function isUnicast(ipv4: number): boolean {
  const first = ipv4 >>> 24;
  return first !== 0 && first < 224;
}
