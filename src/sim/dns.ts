import { readU16, writeU16 } from '../wire/bytes.ts';
import { formatIpv6 } from '../wire/text.ts';

/**
 * DNS messages (RFC 1035 §4), as much as a look-up needs: one question, answers of type A and AAAA.
 *   0    2       4         6         8           10           12
 *   | id | flags | questions | answers | authority | additional | question | answers ...
 */
export const PORT = 53;
export const TYPE_A = 1;
export const TYPE_AAAA = 28;

const HEADER_LENGTH = 12;
const CLASS_IN = 1;
const FLAG_RESPONSE = 0x8000;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;
const NAME_ERROR = 3;
/** RFC 1035 §4.1.4: "the name at offset 12", where the question stands. */
const NAME_OF_QUESTION = 0xc00c;
const TIME_TO_LIVE_S = 300;

export interface Message {
  readonly id: number;
  readonly isResponse: boolean;
  readonly name: string;
  readonly type: number;
  /** Addresses of the answers: 4 or 16 octets each. */
  readonly addresses: readonly Uint8Array[];
}

export function query(id: number, name: string, type: number): Uint8Array {
  return emit(id, RECURSION_DESIRED, name, type, []);
}

/** The answer to a question; `isKnown` false says that the name does not exist at all (RFC 1035 §4.1.1 RCODE 3). */
export function response(question: Message, isKnown: boolean, addresses: readonly Uint8Array[]): Uint8Array {
  const flags = FLAG_RESPONSE | RECURSION_DESIRED | RECURSION_AVAILABLE | (isKnown ? 0 : NAME_ERROR);
  return emit(question.id, flags, question.name, question.type, addresses);
}

/** The message in these octets; undefined when it is not one that this file writes. */
export function parse(bytes: Uint8Array): Message | undefined {
  if (bytes.length < HEADER_LENGTH || readU16(bytes, 4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER_LENGTH;
  for (let length = bytes[at]; length !== 0; length = bytes[at]) {
    if (length === undefined || length > 63 || at + 1 + length >= bytes.length) return undefined;
    labels.push(String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  if (at + 5 > bytes.length) return undefined;
  const type = readU16(bytes, at + 1);
  at += 5;
  const addresses: Uint8Array[] = [];
  for (let answers = readU16(bytes, 6); answers > 0; answers--) {
    if (at + 12 > bytes.length) return undefined;
    const length = readU16(bytes, at + 10);
    if (at + 12 + length > bytes.length) return undefined;
    addresses.push(bytes.slice(at + 12, at + 12 + length));
    at += 12 + length;
  }
  const isResponse = (readU16(bytes, 2) & FLAG_RESPONSE) !== 0;
  return { id: readU16(bytes, 0), isResponse, name: labels.join('.'), type, addresses };
}

/** "AAAA ipv6.example" or "AAAA ipv6.example is 2001:db8::80". */
export function describe(message: Message): string {
  const type = message.type === TYPE_AAAA ? 'AAAA' : 'A';
  if (!message.isResponse) return `DNS query ${type} ${message.name}`;
  const answers = message.addresses.map((address) => (address.length === 16 ? formatIpv6(address) : address.join('.')));
  return `DNS answer ${type} ${message.name}: ${answers.join(', ') || 'none'}`;
}

function emit(id: number, flags: number, name: string, type: number, addresses: readonly Uint8Array[]): Uint8Array {
  const labels = name.split('.');
  const questionLength = labels.reduce((total, label) => total + 1 + label.length, 1) + 4;
  const answersLength = addresses.reduce((total, address) => total + 12 + address.length, 0);
  const bytes = new Uint8Array(HEADER_LENGTH + questionLength + answersLength);
  writeU16(bytes, 0, id);
  writeU16(bytes, 2, flags);
  writeU16(bytes, 4, 1);
  writeU16(bytes, 6, addresses.length);
  let at = HEADER_LENGTH;
  for (const label of labels) {
    bytes[at++] = label.length;
    for (let i = 0; i < label.length; i++) bytes[at++] = label.charCodeAt(i);
  }
  writeU16(bytes, at + 1, type);
  writeU16(bytes, at + 3, CLASS_IN);
  at += 5;
  for (const address of addresses) {
    writeU16(bytes, at, NAME_OF_QUESTION);
    writeU16(bytes, at + 2, type);
    writeU16(bytes, at + 4, CLASS_IN);
    writeU16(bytes, at + 8, TIME_TO_LIVE_S);
    writeU16(bytes, at + 10, address.length);
    bytes.set(address, at + 12);
    at += 12 + address.length;
  }
  return bytes;
}
