import type { Captured } from '../capture/datagram.ts';
import { describe, describePacket, type Field } from '../wire/describe.ts';
import { parse } from '../wire/encapsulation.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { formatIpv4 } from '../wire/text.ts';

type Value = string | number;

/** What one row of a capture says, for programs. */
export interface CapturedFields {
  /** The events that Zeek raises for it: "teredo_packet" and those that tell what it carries. */
  readonly zeek: readonly string[];
  /** By the names of tshark, and of our own where it has none; several of one name are a list. */
  readonly fields: Readonly<Record<string, Value | readonly Value[]>>;
}

/** The octets of a datagram or packet, field by field; authentication values stay hidden. */
export function capturedFields(captured: Captured): CapturedFields {
  if (captured.type === 'other') return { zeek: [], fields: {} };
  const values = new Map<string, Value[]>();
  const put = (name: string, value: Value) => values.set(name, [...(values.get(name) ?? []), value]);
  if (captured.type === 'datagram') {
    const { source, destination, payload } = captured;
    put('ip.src', formatIpv4(source.ipv4));
    put('udp.srcport', source.port);
    put('ip.dst', formatIpv4(destination.ipv4));
    put('udp.dstport', destination.port);
    put('udp.length', payload.length + 8);
    for (const field of describe(payload).fields) flatten(field, put);
  } else {
    for (const field of describePacket(captured.packet).fields) flatten(field, put);
  }
  const fields = Object.fromEntries([...values].map(([name, list]) => [name, list.length === 1 ? list[0]! : list]));
  return { zeek: captured.type === 'datagram' ? zeekEvents(captured.payload) : [], fields };
}

function flatten({ name, value, children }: Field, put: (name: string, value: Value) => void): void {
  put(name, value);
  for (const child of children) flatten(child, put);
}

function zeekEvents(payload: Uint8Array): string[] {
  const parts = parse(payload, 0, payload.length);
  if (typeof parts === 'number') return [];
  return [
    'teredo_packet',
    ...(parts.authenticationAt < 0 ? [] : ['teredo_authentication']),
    ...(parts.originAt < 0 ? [] : ['teredo_origin_indication']),
    ...(ipv6.isBubble(payload, parts.packetAt) ? ['teredo_bubble'] : []),
  ];
}
