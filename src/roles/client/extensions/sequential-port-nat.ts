import type { PeerTable } from '../../../peers/peer-table.ts';
import type { Identity } from '../identity.ts';
import type { SecureQualification } from '../secure-qualification.ts';
import type { Extension } from './extension.ts';
import type { PortPreservingNat } from './port-preserving-nat.ts';
import type { RandomPorts } from './random-ports.ts';

/** RFC 6081 §5.5.2.2. */
const TESTS_MAX = 2;
/** RFC 6081 §5.5.4.1.1: the failover timer, in ms for each test so far. */
const PATIENCE_MS = 1_000;

/** RFC 6081 §5.5.1: an echo test for one peer. Ports are 0 until told. */
interface EchoTest {
  readonly peer: number;
  lowerPort: number;
  upperPort: number;
  tests: number;
  deadlineAt: number;
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
 * Any symmetric NAT that does not preserve ports is taken for sequential (§3.4). Bounded by the peers of the table.
 */
export class SequentialPortNat implements Extension {
  readonly #identity: Identity;
  readonly #peers: PeerTable;
  readonly #ports: RandomPorts;
  readonly #portPreserving: PortPreservingNat;
  readonly #solicitations: SecureQualification;
  readonly #actions: SequentialPortActions;
  readonly #tests = new Map<number, EchoTest>();

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

  get deadlineAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const test of this.#tests.values()) next = Math.min(next, test.deadlineAt);
    return next;
  }

  /** EXT-40: the indirect bubble waits until the port is foretold. */
  postponesIndirect(peer: number, now: number): boolean {
    const { isSymmetric, isPortPreserving } = this.#identity;
    if (!isSymmetric || isPortPreserving || this.#peers.trusted[peer] === 1) return false;
    if (this.#portPreserving.hasRandomPort(peer)) return false;
    const known = this.#tests.get(peer);
    if (known !== undefined) return known.deadlineAt !== Number.POSITIVE_INFINITY;
    const test = { peer, lowerPort: 0, upperPort: 0, tests: 0, deadlineAt: Number.POSITIVE_INFINITY };
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
    test.deadlineAt = Number.POSITIVE_INFINITY;
    this.#actions.sendIndirectNow(test.peer, now);
  }

  /** EXT-43. */
  timeOut(now: number): void {
    for (const test of this.#tests.values()) {
      if (test.deadlineAt > now) continue;
      test.deadlineAt = Number.POSITIVE_INFINITY;
      if (test.tests < TESTS_MAX && this.#start(test, now)) continue;
      this.#actions.sendIndirectNow(test.peer, now);
    }
  }

  reached(peer: number): undefined {
    this.#tests.delete(peer);
    return undefined;
  }

  forget(peer: number): void {
    this.#tests.delete(peer);
  }

  /** EXT-41: in this order; a NAT between must see nothing else in the meantime. False: no socket is free. */
  #start(test: EchoTest, now: number): boolean {
    const port = this.#portPreserving.open(test.peer);
    if (port === undefined) return false;
    test.lowerPort = 0;
    test.upperPort = 0;
    this.#solicitations.solicit(port.via, this.#identity.server, 0);
    this.#actions.sendDirectBy(test.peer, port.via);
    this.#solicitations.solicit(port.via, this.#identity.server2, 0);
    test.tests++;
    test.deadlineAt = now + test.tests * PATIENCE_MS;
    return true;
  }
}
