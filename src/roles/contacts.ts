import type { Batch } from '../batch/batch.ts';
import { PacketQueue, type WaitingPacket } from '../peers/packet-queue.ts';
import { PeerTable } from '../peers/peer-table.ts';
import { askableAt } from './bubbles.ts';
import { ANSWER_TIMEOUT_MS } from './constants.ts';
import { Drop, type DropCounters } from './drop.ts';
import type { LimitUse } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { PendingPeers } from './pending.ts';
import type { Random } from './role.ts';

/** Bounds of a role's memory; each has its default in `contactLimits`. */
export interface ContactLimits {
  /** Peers in the list of recent peers. */
  readonly peersMax: number;
  /** Of these, peers that have not proved themselves. */
  readonly untrustedPeersMax: number;
  readonly queuedPacketsMax: number;
  readonly queuedOctetsPerPeerMax: number;
  readonly queuedOctetsMax: number;
}

/** Ledger CLI-06, SEC-12; a queue per peer as large as Miredo's would hold one full packet, ours holds four. */
export const contactLimits: ContactLimits = {
  peersMax: 1 << 20,
  untrustedPeersMax: 4096,
  queuedPacketsMax: 4,
  queuedOctetsPerPeerMax: 4 * 1280,
  queuedOctetsMax: 4 << 20,
};

/** What came of an attempt to ask a peer: `later`: too soon after the last one; `spent`: no budget is left. */
export type Asked = 'sent' | 'later' | 'spent';

/** How a role asks a peer to show itself: by bubbles, or by a connectivity test. */
export interface Asker {
  ask(peer: number, now: number): Asked;
  /** No answer came, or none may be asked for. `waiting` are the packets that end here. */
  unanswered(peer: number, waiting: readonly WaitingPacket[], now: number): void;
}

/**
 * The list of recent peers together with what hangs on it: who is being asked, and which packets wait for that.
 *
 * Source: RFC 4380 §5.2.4, §5.4.1: ask, wait 2 s, ask again up to three times, then give up (ledger CLI-48, REL-08,
 *         REL-09).
 */
export class Contacts {
  readonly peers: PeerTable;
  readonly #queue: PacketQueue;
  readonly #pending = new PendingPeers();
  readonly #outbox: Outbox;
  readonly #drops: DropCounters;
  readonly #asker: Asker;
  readonly #onForget: (peer: number) => void;

  constructor(
    limits: ContactLimits,
    random: Random,
    outbox: Outbox,
    drops: DropCounters,
    asker: Asker,
    onForget: (peer: number) => void = () => {},
  ) {
    this.#queue = new PacketQueue(limits.queuedPacketsMax, limits.queuedOctetsPerPeerMax, limits.queuedOctetsMax);
    this.#outbox = outbox;
    this.#drops = drops;
    this.#asker = asker;
    this.#onForget = onForget;
    this.peers = new PeerTable(limits.peersMax, limits.untrustedPeersMax, random.uint32(), (peer) =>
      this.#forget(peer),
    );
  }

  get nextAt(): number {
    return this.#pending.nextAt;
  }

  isPending(peer: number): boolean {
    return this.#pending.get(peer) !== undefined;
  }

  /** Keeps the packet in `slot` until `peer` answers, and asks it if that has not been done. Takes the slot out. */
  hold(peer: number, batch: Batch, slot: number, attemptsMax: number, now: number): void {
    if (!this.#queue.push(peer, batch.packet(slot), batch.segment[slot])) this.#drops[Drop.QueueFull]!++;
    batch.length[slot] = 0;
    this.ask(peer, attemptsMax, now);
    // A silent peer: its next word must pass by `trust`, which sends what waits.
    this.peers.distrust(peer, now);
  }

  /** Asks a peer to show itself, unless it is being asked already. */
  ask(peer: number, attemptsMax: number, now: number): void {
    if (this.isPending(peer)) return;
    const asked = this.#asker.ask(peer, now);
    if (asked === 'spent') this.#giveUp(peer, Drop.Budget, now);
    else this.#wait(peer, 0, attemptsMax, asked, now);
  }

  /** The peer has shown itself at this mapping: trust it and send what waited, oldest first. */
  trust(peer: number, ipv4: number, port: number, now: number, via = 0): void {
    this.peers.trust(peer, ipv4, port, now, via);
    this.#pending.delete(peer);
    for (const { packet, segment } of this.#queue.take(peer)) {
      if (this.#outbox.push(packet, ipv4, port, via, segment)) this.peers.lastTransmissionAt[peer] = now;
      else this.#drops[Drop.QueueFull]!++;
    }
  }

  /** Ends what is known of the peers that `isGone` names. */
  forgetIf(isGone: (peer: number) => boolean): void {
    const gone: number[] = [];
    this.peers.forEach((peer) => {
      if (isGone(peer)) gone.push(peer);
    });
    for (const peer of gone) this.peers.remove(peer);
  }

  /** What a person may see of the bounds of the list and of the queue. */
  limits(): LimitUse[] {
    const { capacity, size, untrustedMax, untrustedSize, evicted, evictedUntrusted } = this.peers;
    return [
      { name: 'peers', kind: 'table', unit: 'peers', max: capacity, inUse: size, bit: evicted },
      {
        name: 'untrusted-peers',
        kind: 'table',
        unit: 'peers',
        max: untrustedMax,
        inUse: untrustedSize,
        bit: evictedUntrusted,
      },
      queueUse('waiting-packets', this.#queue),
    ];
  }

  handleTimeout(now: number): void {
    for (let due = this.#pending.takeDue(now); due !== undefined; due = this.#pending.takeDue(now)) {
      const { peer, attempt, attemptsMax } = due;
      const asked = attempt < attemptsMax ? this.#asker.ask(peer, now) : 'spent';
      if (asked === 'spent') this.#giveUp(peer, Drop.Unanswered, now);
      else this.#wait(peer, attempt, attemptsMax, asked, now);
    }
  }

  /** For an answer to a question, the time that answers have; for leave to ask, no longer than that takes. */
  #wait(peer: number, attempt: number, attemptsMax: number, asked: Asked, now: number): void {
    if (asked === 'sent') this.#pending.set(peer, attempt + 1, attemptsMax, now + ANSWER_TIMEOUT_MS);
    else this.#pending.set(peer, attempt, attemptsMax, askableAt(this.peers, peer, now));
  }

  #giveUp(peer: number, reason: Drop, now: number): void {
    const waiting = this.#queue.take(peer);
    this.#drops[reason]! += waiting.length;
    this.#asker.unanswered(peer, waiting, now);
  }

  /** The table gives this place up: whatever hangs on it ends with it. */
  #forget(peer: number): void {
    this.#pending.delete(peer);
    this.#drops[Drop.QueueFull]! += this.#queue.take(peer).length;
    this.#onForget(peer);
  }
}

export function queueUse(name: string, { octets, octetsMax, refused }: PacketQueue): LimitUse {
  return { name, kind: 'queue', unit: 'octets', max: octetsMax, inUse: octets, bit: refused };
}
