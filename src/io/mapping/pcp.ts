import { exchange } from './exchange.ts';
import { type GrantedMapping, MappingError, type MappingMethod, type MappingRequest, plausible } from './mapping.ts';

/**
 * Port Control Protocol, opcode MAP (RFC 6887 §7, §11):
 *    0         1            2          3         4          8              24
 *   | version | R, opcode | reserved | result | lifetime | client IPv6, or in an answer: epoch and zeros |
 *    24      36         37             40              42              44                60
 *   | nonce | protocol | reserved ... | internal port | external port | external address |
 */
const LENGTH = 60;
const VERSION = 2;
const MAP = 1;
const RESPONSE = 0x80;
const RESULT = 3;
const LIFETIME = 4;
const CLIENT = 8;
const NONCE = 24;
const PROTOCOL = 36;
const INTERNAL_PORT = 40;
const EXTERNAL_PORT = 42;
const EXTERNAL_ADDRESS = 44;
const UDP = 17;

/** RFC 6887 §7.4, by number. */
const RESULTS = [
  'SUCCESS',
  'UNSUPP_VERSION',
  'NOT_AUTHORIZED',
  'MALFORMED_REQUEST',
  'UNSUPP_OPCODE',
  'UNSUPP_OPTION',
  'MALFORMED_OPTION',
  'NETWORK_FAILURE',
  'NO_RESOURCES',
  'UNSUPP_PROTOCOL',
  'USER_EX_QUOTA',
  'CANNOT_PROVIDE_EXTERNAL',
  'ADDRESS_MISMATCH',
  'EXCESSIVE_REMOTE_PEERS',
];

/** Seconds that are asked for; RFC 6886 §3.3 recommends as much. */
const WANTED_LIFETIME = 7_200;

export const pcp: MappingMethod = {
  protocol: 'PCP',
  map: (wanted, signal) => exchange(wanted.router, request(wanted, WANTED_LIFETIME), answerTo(wanted), signal),
  async unmap(wanted, signal) {
    // RFC 6887 §15: the lifetime 0 deletes.
    await exchange(wanted.router, request(wanted, 0), (answer) => isFor(wanted, answer) || undefined, signal);
  },
};

function request({ router, localPort, nonce }: MappingRequest, lifetime: number): Uint8Array {
  const bytes = Buffer.alloc(LENGTH);
  bytes[0] = VERSION;
  bytes[1] = MAP;
  bytes.writeUInt32BE(lifetime, LIFETIME);
  writeMappedIpv4(bytes, CLIENT, router.local);
  bytes.set(nonce, NONCE);
  bytes[PROTOCOL] = UDP;
  bytes.writeUInt16BE(localPort, INTERNAL_PORT);
  // A suggestion: mostly the port that the NAT chooses anyway.
  bytes.writeUInt16BE(lifetime === 0 ? 0 : localPort, EXTERNAL_PORT);
  writeMappedIpv4(bytes, EXTERNAL_ADDRESS, '0.0.0.0');
  return bytes;
}

function answerTo(wanted: MappingRequest): (answer: Buffer) => GrantedMapping | undefined {
  return (answer) => {
    // RFC 6886 §3.5, RFC 6887 §9: a router that knows NAT-PMP only answers with version 0.
    if (answer.length >= 4 && answer[0] === 0) throw new MappingError('speaks NAT-PMP only', true);
    if (answer.length < 24 || answer[0] !== VERSION || answer[1] !== (RESPONSE | MAP)) return undefined;
    const result = answer[RESULT]!;
    if (result !== 0) throw new MappingError(`refuses (${result} ${RESULTS[result] ?? 'unknown'})`);
    if (!isFor(wanted, answer)) return undefined;
    const lifetimeMs = answer.readUInt32BE(LIFETIME) * 1_000;
    return plausible(mappedIpv4(answer, EXTERNAL_ADDRESS), answer.readUInt16BE(EXTERNAL_PORT), lifetimeMs);
  };
}

/** RFC 6887 §11.4: whether an answer belongs to our request. */
function isFor({ localPort, nonce }: MappingRequest, answer: Buffer): boolean {
  if (answer.length < LENGTH || answer[0] !== VERSION || answer[1] !== (RESPONSE | MAP)) return false;
  const isOurs = answer[PROTOCOL] === UDP && answer.readUInt16BE(INTERNAL_PORT) === localPort;
  return isOurs && answer.subarray(NONCE, NONCE + nonce.length).equals(nonce);
}

/** ::ffff:0:0/96, for IPv4 in fields of 16 octets (RFC 6887 §5). */
function writeMappedIpv4(bytes: Buffer, at: number, address: string): void {
  bytes.writeUInt16BE(0xffff, at + 10);
  for (const [index, octet] of address.split('.').entries()) bytes[at + 12 + index] = Number(octet);
}

function mappedIpv4(bytes: Buffer, at: number): string {
  const isIpv4 = bytes.readUInt16BE(at + 10) === 0xffff && bytes.subarray(at, at + 10).every((octet) => octet === 0);
  return isIpv4 ? bytes.subarray(at + 12, at + 16).join('.') : 'an IPv6 address';
}
