import type { PeerTable } from '../../../peers/peer-table.ts';
import { VIA_RANDOM_MAX } from '../../constants.ts';
import type { Identity } from '../identity.ts';
import type { SecureQualification } from '../secure-qualification.ts';
import type { Extension } from './extension.ts';
import type { PortPreservingNat } from './port-preserving-nat.ts';
import type { RandomPorts } from './random-ports.ts';

/** RFC 6081 §5.5.2.2. */
const TESTS_MAX = 2;
/** RFC 6081 §5.5.4.1.1: the failover timer, in ms for each test so far. */
const PATIENCE_MS = 1_000;
/** RFC 6081 §5.5.2: the Peer Refresh Timer; a test so old tells nothing of the NAT's next port. */
const MEMORY_MS = 30_000;

/** RFC 6081 §5.5.1: an echo test for one peer. Ports are 0 until told. */
interface EchoTest {
  readonly peer: number;
  lowerPort: number;
  upperPort: number;
  tests: number;
  /** The failover timer; Infinity: it does not run. */
  deadlineAt: number;
  startedAt: number;
}

/** What the extension asks its client to do. */
export interface SequentialPortActions {
  /** A direct bubble to the mapping in the peer's address, by the local socket `via`. */
  sendDirectBy(peer: number, via: number): void;
  /** The indirect bubble that was put off. */
  sendIndirectNow(peer: number, now: number): void;
}

/**
 * Sequential port-symmetric NAT (RFC 6081 §5.5; ledger EXT-40 to EXT-44).
 *
 * A NAT that gives out ports one after the other can be foretold: a solicitation to the server, a bubble to the peer
 * and a solicitation to the server's other address leave together; the server tells the first and the third port, and
 * the bubble got the one between.
 *
 * Any symmetric NAT that does not preserve ports is taken for sequential (§3.4). Bounded by the peers of the table; those
 * whose failover timer runs by the local sockets there are, for each has one.
 */
export class SequentialPortNat implements Extension {
  readonly #identity: Identity;
  readonly #peers: PeerTable;
  readonly #ports: RandomPorts;
  readonly #portPreserving: PortPreservingNat;
  readonly #solicitations: SecureQualification;
  readonly #actions: SequentialPortActions;
  readonly #tests = new Map<number, EchoTest>();
  /** Those whose failover timer runs, in the order of their start. */
  readonly #running = new Set<EchoTest>();
  deadlineAt = Number.POSITIVE_INFINITY;

  constructor(
    identity: Identity,
    peers: PeerTable,
    ports: RandomPorts,
    portPreserving: PortPreservingNat,
    solicitations: SecureQualification,
    actions: SequentialPortActions,
  ) {
    this.#identity = identity;
    this.#peers = peers;
    this.#ports = ports;
    this.#portPreserving = portPreserving;
    this.#solicitations = solicitations;
    this.#actions = actions;
  }

  /** EXT-40: the indirect bubble waits until the port is foretold. */
  postponesIndirect(peer: number, now: number): boolean {
    const { isSymmetric, isPortPreserving } = this.#identity;
    if (!isSymmetric || isPortPreserving || this.#peers.trusted[peer] === 1) return false;
    if (this.#portPreserving.hasRandomPort(peer)) return false;
    const known = this.#tests.get(peer);
    if (known !== undefined && now - known.startedAt < MEMORY_MS) return this.#running.has(known);
    this.forget(peer); // EXT-43
    const deadlineAt = Number.POSITIVE_INFINITY;
    const test = { peer, lowerPort: 0, upperPort: 0, tests: 0, deadlineAt, startedAt: now };
    this.#tests.set(peer, test);
    return this.#start(test, now);
  }

  /** EXT-42: an advertisement came in by the random port `via`, from the primary server address or the other. */
  advertised(via: number, isPrimary: boolean, mappedPort: number, now: number): void {
    const peer = this.#ports.by(via)?.peer;
    const test = peer === undefined ? undefined : this.#tests.get(peer);
    // One bubble a test, however often an advertisement comes.
    if (test === undefined || this.#portPreserving.hasRandomPort(test.peer)) return;
    if (isPrimary && test.lowerPort === 0) test.lowerPort = mappedPort;
    if (!isPrimary && test.upperPort === 0) test.upperPort = mappedPort;
    if (test.lowerPort === 0 || test.upperPort === 0) return;
    // Ledger Q-03: the midpoint, which the RFC's text misprints and its examples mean.
    this.#portPreserving.predict(test.peer, Math.floor((test.lowerPort + test.upperPort) / 2));
    this.#stop(test);
    this.#actions.sendIndirectNow(test.peer, now);
  }

  /** EXT-43. */
  timeOut(now: number): void {
    for (const test of [...this.#running]) {
      if (test.deadlineAt > now) continue;
      this.#stop(test);
      if (test.tests < TESTS_MAX && this.#start(test, now)) continue;
      this.#actions.sendIndirectNow(test.peer, now);
    }
  }

  reached(peer: number): undefined {
    this.forget(peer);
    return undefined;
  }

  forget(peer: number): void {
    const test = this.#tests.get(peer);
    if (test === undefined) return;
    this.#stop(test);
    this.#tests.delete(peer);
  }

  /** EXT-41: in this order; a NAT between must see nothing else in the meantime. False: no socket is free. */
  #start(test: EchoTest, now: number): boolean {
    const port = this.#portPreserving.open(test.peer, now);
    if (port === undefined) return false;
    test.lowerPort = 0;
    test.upperPort = 0;
    this.#solicitations.solicit(port.via, this.#identity.server, 0);
    this.#actions.sendDirectBy(test.peer, port.via);
    this.#solicitations.solicit(port.via, this.#identity.server2, 0);
    test.tests++;
    test.deadlineAt = now + test.tests * PATIENCE_MS;
    this.#running.add(test);
    this.#makeRoom(now);
    this.#findNext();
    return true;
  }

  /** The oldest has lost its socket to a newer one: its bubble leaves without waiting any longer. */
  #makeRoom(now: number): void {
    const [oldest] = this.#running;
    if (oldest === undefined || this.#running.size <= VIA_RANDOM_MAX) return;
    this.#stop(oldest);
    this.#actions.sendIndirectNow(oldest.peer, now);
  }

  #stop(test: EchoTest): void {
    test.deadlineAt = Number.POSITIVE_INFINITY;
    if (this.#running.delete(test)) this.#findNext();
  }

  #findNext(): void {
    this.deadlineAt = Number.POSITIVE_INFINITY;
    for (const { deadlineAt } of this.#running) this.deadlineAt = Math.min(this.deadlineAt, deadlineAt);
  }
}
