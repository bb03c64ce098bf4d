import { isTeredo } from '../../wire/teredo.ts';
import { parseHex, parseIpv4, parseIpv6 } from '../../wire/text.ts';

/** What is wrong with the text of a value, and what would be right; undefined: nothing is. */
export type Objection = { readonly reason: string; readonly fix: string } | undefined;

/** A unicast IPv4 address. */
export function objectToIpv4(text: string): Objection {
  const ipv4 = parseIpv4(text);
  if (ipv4 === undefined) {
    return { reason: 'not an IPv4 address', fix: 'write four numbers, for instance 192.0.2.1' };
  }
  if (isUnicast(ipv4)) return undefined;
  return { reason: 'not the address of a host', fix: 'name a unicast address of this or the other host' };
}

/** The address of a Teredo client. */
export function objectToTeredo(text: string): Objection {
  const octets = parseIpv6(text);
  if (octets === undefined) return { reason: 'not an IPv6 address', fix: 'a client prints its own ("teredo address")' };
  if (isTeredo(octets, 0)) return undefined;
  return { reason: 'not an address of 2001::/32', fix: 'name a Teredo client ("teredo address" prints its own)' };
}

/** A name or an IPv4 address of a server. */
export function objectToServer(text: string): Objection {
  if (parseIpv4(text) !== undefined) return objectToIpv4(text);
  if (text.includes(':')) {
    return { reason: 'Teredo servers have IPv4 addresses, and always port 3544', fix: 'leave the rest away' };
  }
  const labels = text.replace(/\.$/, '').split('.');
  if (/[^\d.]/.test(text) && labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label))) {
    return undefined;
  }
  return { reason: 'neither a host name nor an IPv4 address', fix: 'for instance 192.0.2.1' };
}

/** "127.0.0.1:9100" or "[::1]:9100". */
export function objectToListen(text: string): Objection {
  const port = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(text)?.[1];
  if (port !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return undefined;
  return { reason: 'not an address with a port', fix: 'for instance 127.0.0.1:9100 or [::1]:9100' };
}

/** "[::1]:8000" as its parts, without brackets. */
export function splitListen(listen: string): { readonly address: string; readonly port: number } {
  const at = listen.lastIndexOf(':');
  return { address: listen.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(listen.slice(at + 1)) };
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** As above; the system may choose the port, for the page's address is printed. */
export function objectToPageListen(text: string): Objection {
  return /:0{1,5}$/.test(text) ? objectToListen(text.replace(/0+$/, '1')) : objectToListen(text);
}

export function objectToPath(text: string): Objection {
  if (text.startsWith('/')) return undefined;
  return { reason: 'not a whole path', fix: 'begin it with "/"' };
}

/** A program by its whole path: what is run later, perhaps with more rights, must not depend on who starts us where. */
export function objectToProgram(text: string): Objection {
  return objectToPath(text);
}

export function objectToInterface(text: string): Objection {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/.test(text)) return undefined;
  return { reason: 'not a name for an interface', fix: 'use 1 to 15 letters, digits, ".", "_" or "-"' };
}

/** A client identifier, as long as its one octet of length can say (RFC 4380 §5.1.1). */
export function objectToIdentifier(text: string): Objection {
  const identifier = octets(text);
  // What may be a secret put in the wrong place is not repeated: the reason does without the text.
  if (identifier === undefined) return { reason: 'not hex digits in pairs', fix: 'for instance hex:00ff17' };
  if (identifier.length > 0 && identifier.length <= 255) return undefined;
  return { reason: `${identifier.length} octets`, fix: 'an identifier has 1 to 255 octets' };
}

/** Octets of a secret or an identifier: `hex:` and digits, or the text itself in UTF-8; undefined: wrong digits. */
export function octets(text: string): Uint8Array | undefined {
  return text.startsWith('hex:') ? parseHex(text.slice(4)) : new TextEncoder().encode(text);
}

/** The address one above, what clients take for the second address of a server (ledger SRV-02); undefined: none. */
export function nextAddress(ipv4: number): number | undefined {
  const next = (ipv4 + 1) | 0;
  return isUnicast(next) ? next : undefined;
}

function isUnicast(ipv4: number): boolean {
  const first = ipv4 >>> 24;
  return first !== 0 && first < 224;
}
