import { type Datagram, ipv4Packet, type Packet } from './datagram.ts';

/** A packet that was put on a network by one of its nodes, whether or not it arrived. */
export interface Crossing {
  readonly type: 'crossing';
  /** When the first octet left `from`, in ms of virtual time. */
  readonly at: number;
  /** When it reaches `to`; undefined: it does not. */
  readonly arrivesAt: number | undefined;
  readonly network: string;
  /** Nodes at the two ends of this crossing: hosts or NATs. `to` is empty when no node has the destination. */
  readonly from: string;
  readonly to: string;
  /** The same number in every crossing of one datagram or packet. */
  readonly flight: number;
  /** The flight whose arrival made the sender send this one; undefined: it sent by itself (timer, user). */
  readonly cause: number | undefined;
  /** Name of the host that made the datagram or packet. */
  readonly sender: string;
  /** Exactly one of the two: UDP over IPv4, or IPv6. */
  readonly datagram: Datagram | undefined;
  readonly packet: Packet | undefined;
}

/** A packet that ended: lost, filtered, refused by a role, or unroutable. */
export interface Loss {
  readonly type: 'loss';
  readonly at: number;
  /** The node, or the network, where it ended. */
  readonly where: string;
  readonly reason: string;
  /** Undefined: a role ended a packet that was waiting, so no arrival stands for it. */
  readonly flight: number | undefined;
}

export type TraceRecord = Crossing | Loss;

/** Everything that happened, in order. Bounded by switching it off: a world of thousands of clients runs without. */
export class Trace {
  readonly records: TraceRecord[] = [];
  isOn: boolean;

  constructor(isOn: boolean) {
    this.isOn = isOn;
  }

  add(record: TraceRecord): void {
    if (this.isOn) this.records.push(record);
  }
}

/** The IPv4 or IPv6 packet of a crossing, as it lay on the wire. */
export function packetBytes(crossing: Crossing): Uint8Array {
  if (crossing.datagram !== undefined) return ipv4Packet(crossing.datagram);
  return crossing.packet?.bytes ?? new Uint8Array(0);
}
