import type { Batch } from '../batch/batch.ts';
import type { DropCounters } from './drop.ts';
import type { Endpoint, RoleEvent } from './events.ts';

export type { ServerAddress } from './client/servers.ts';
export type {
  Endpoint,
  MappingLifetime,
  NatBehaviour,
  NatType,
  OfflineReason,
  RoleEvent,
  ServerReason,
  UnreachableReason,
} from './events.ts';

/**
 * The protocol, seen from outside: bytes and instants in, bytes and one deadline out.
 *
 * A role does no I/O and has no clock and no entropy of its own. `now` is monotonic, in milliseconds.
 */
export interface Role {
  /** UDP to IPv6, in place: RFC 4380 "packet reception". Slots left with a length go to the TUN side. */
  receive(batch: Batch, now: number): void;
  /** IPv6 to UDP, in place: RFC 4380 "packet transmission". Slots left with a length go to the UDP side. */
  transmit(batch: Batch, now: number): void;
  handleTimeout(now: number): void;
  /** Appends datagrams of the role's own (bubbles, RS, RA, packets released from a queue) until none is left or the batch is full. */
  pollDatagrams(batch: Batch): void;
  /** Appends packets of the role's own for the TUN side (released packets, ICMPv6 errors), likewise. */
  pollPackets(batch: Batch): void;
  /** The instant of the next deadline, in the same milliseconds as `now`; Infinity: nothing to wait for. */
  pollTimeout(): number;
  pollEvent(): RoleEvent | undefined;
  readonly drops: DropCounters;
}

/** What a client knew before it was started again. */
export interface Remembered {
  /** The service port it had. */
  readonly port: number;
  readonly mapped: Endpoint;
  /** The random bits that its address had with this mapping. */
  readonly flags: number;
}

/** Unpredictable numbers, handed to a role (ledger SEC-05): the system's generator in a daemon, a seeded one in the simulator. */
export interface Random {
  /** Uniform in 0 to 2^32 - 1. */
  uint32(): number;
}

/** A keyed digest, handed to a role: HMAC-SHA1 unless both ends agreed on another (RFC 4380 §5.2.2). */
export type Hmac = (key: Uint8Array, message: Uint8Array) => Uint8Array;
