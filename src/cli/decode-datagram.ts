import { dissectPacket } from '../capture/datagram.ts';
import { recognize } from '../capture/recognition.ts';
import { wrap } from '../lab/text.ts';
import { type Description, describe, describePacket, type Field } from '../wire/describe.ts';
import { formatEndpoint, formatHex } from '../wire/text.ts';
import type { DecodeOptions } from './decode.ts';
import { columns, Exit, paint } from './terminal.ts';

const WIDTH_MIN = 60;
/** Columns of the tree. */
const OCTETS_WIDTH = 9;
const LABEL_WIDTH = 32;

/** Prints a datagram as a tree; status 1 when it is none of Teredo's. JSON of many takes a line each. */
export function printDatagram(bytes: Uint8Array, options: DecodeOptions, isOneOfMany = false): void {
  const { payload, around } = unwrap(bytes);
  const description = describe(payload, 0, payload.length, { showAuthenticationValue: options.showValue === true });
  const judged = recognize(payload, 0, 0);
  const verdict = judged.type === 'teredo' ? undefined : judged.type === 'look-alike' ? judged.reason : 'not Teredo';
  // Something that holds together as IPv6 is worth a look, tunnel or not.
  const shown =
    verdict !== undefined && description.malformed !== undefined ? plainIpv6(payload, description) : description;
  if (verdict !== undefined) process.exitCode = Exit.Degraded;
  if (options.json) {
    const { kind, summary, fields } = shown;
    const teredo = verdict === undefined;
    const body = { schemaVersion: 1, type: 'datagram', teredo, reason: verdict ?? null, kind, summary, fields };
    process.stdout.write(`${JSON.stringify({ ...body, hex: formatHex(payload) }, undefined, isOneOfMany ? 0 : 2)}\n`);
    return;
  }
  const width = Math.max(WIDTH_MIN, columns(80));
  const lines = wrap(shown.summary, width).map((line) => paint('bold', line));
  if (around !== undefined) lines.push(...wrap(around, width));
  if (verdict !== undefined) lines.push(paint('yellow', `No Teredo: ${verdict}`));
  lines.push('', paint('dim', ' octets  field'));
  for (const field of shown.fields) lines.push(...tree(field, 0, width));
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Hex of a whole IPv4 packet is as good as hex of the datagram in it. */
function unwrap(bytes: Uint8Array): { payload: Uint8Array; around?: string } {
  if (bytes[0]! >>> 4 !== 4) return { payload: bytes };
  const captured = dissectPacket(bytes);
  if (captured.type !== 'datagram') return { payload: bytes };
  const { source, destination, payload } = captured;
  const [from, to] = [formatEndpoint(source.ipv4, source.port), formatEndpoint(destination.ipv4, destination.port)];
  return { payload, around: `In UDP over IPv4, ${from} > ${to}; octets count from the UDP payload` };
}

function plainIpv6(bytes: Uint8Array, otherwise: Description): Description {
  const packet = describePacket(bytes);
  return packet.malformed === undefined ? packet : otherwise;
}

function tree(field: Field, depth: number, width: number): string[] {
  const { at, length } = field;
  const octets = length === 0 ? '' : length === 1 ? String(at) : `${at}-${at + length - 1}`;
  const label = `${'  '.repeat(depth)}${field.label}`;
  const name = depth === 0 ? paint('bold', label) : label;
  const gap = ' '.repeat(Math.max(1, LABEL_WIDTH - label.length));
  const room = width - OCTETS_WIDTH - label.length - gap.length;
  const [first = '', ...more] = pieces(String(field.value), room, field.children.length > 0);
  const indent = ' '.repeat(OCTETS_WIDTH + label.length + gap.length);
  return [
    `${paint('dim', octets.padStart(OCTETS_WIDTH - 2))}  ${name}${gap}${first}`.trimEnd(),
    ...more.map((piece) => `${indent}${piece}`),
    ...field.children.flatMap((child) => tree(child, depth + 1, width)),
  ];
}

/** A value too long for its line: left away where the fields below say the same, else broken. */
function pieces(value: string, room: number, hasChildren: boolean): string[] {
  if (value.length <= room) return [value];
  return hasChildren ? [] : (value.match(new RegExp(`.{1,${Math.max(1, room)}}`, 'g')) ?? []);
}
