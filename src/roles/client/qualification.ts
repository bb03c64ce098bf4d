import { SOLICITATION_TIMEOUT_MS, SOLICITATIONS_MAX } from '../constants.ts';
import type { Endpoint, OfflineReason } from '../events.ts';

/** Where a client stands (RFC 4380 §5.2.1). What to send follows from the state entered. */
export type Qualification = OffLine | Dormant | Starting | Qualified;

export interface OffLine {
  readonly state: 'off-line';
  readonly reason: OfflineReason;
  /** Instant of the next try; Infinity: none. */
  readonly retryAt: number;
}

/** Waiting for the first packet that wants to leave; nothing is kept alive. */
export interface Dormant {
  readonly state: 'dormant';
}

/** Soliciting the primary server address, then the secondary one, both with the cone bit clear (RFC 5991 §3.2). */
export interface Starting {
  readonly state: 'starting';
  readonly server: 'primary' | 'secondary';
  /** Transmissions to this server address so far, from 1. */
  readonly attempt: number;
  readonly deadlineAt: number;
  /** What the primary address told; undefined until then. */
  readonly primary: Advertised | undefined;
  /** What the secondary address told before the primary one did: only where both are asked at once. */
  readonly secondary?: Advertised;
  /** Both addresses are asked at once: a packet waits. */
  readonly isHurried?: boolean;
}

export interface Qualified {
  readonly state: 'qualified';
  readonly mapped: Endpoint;
  /** Octets. */
  readonly mtu: number;
  /** The two server addresses saw different mappings (RFC 6081 §5.2). */
  readonly isSymmetric: boolean;
}

/** The contents of a router advertisement that passed every check. */
export interface Advertised {
  /** The mapped address and port from the origin indication. */
  readonly mapped: Endpoint;
  readonly mtu: number | undefined;
}

/** Initial or off-line to starting (ledger CLI-10, CLI-11): the cone bit is clear from the first solicitation on. */
export function start(now: number): Starting {
  return {
    state: 'starting',
    server: 'primary',
    attempt: 1,
    deadlineAt: now + SOLICITATION_TIMEOUT_MS,
    primary: undefined,
  };
}

/** The deadline passed without a valid router advertisement. */
export function timeOut(q: Starting, now: number): Starting | OffLine {
  if (q.attempt < SOLICITATIONS_MAX) {
    return { ...q, attempt: q.attempt + 1, deadlineAt: now + SOLICITATION_TIMEOUT_MS };
  }
  // RFC 4380 §5.2.1, ledger CLI-14: silence with the cone bit clear means that no service is to be had.
  return offLine(q.server === 'primary' ? 'primary server unreachable' : 'secondary server unreachable');
}

/**
 * A valid router advertisement arrived from the address that was solicited, `from`.
 *
 * Source: RFC 4380 §5.2.1: after the primary address the secondary one is asked; different mappings reveal a
 *         symmetric NAT (ledger CLI-18, CLI-30), which ends the service unless RFC 6081 §5.2 is `supportsSymmetric`.
 *         The mapping and MTU of the primary one count (CLI-31).
 */
export function advertised(
  q: Starting,
  from: Starting['server'],
  advertisement: Advertised,
  mtuDefault: number,
  supportsSymmetric: boolean,
  now: number,
): Qualification {
  const primary = from === 'primary' ? advertisement : q.primary;
  const secondary = from === 'secondary' ? advertisement : q.secondary;
  if (primary === undefined) return secondary === undefined ? q : { ...q, secondary };
  if (secondary === undefined) {
    const deadlineAt = now + SOLICITATION_TIMEOUT_MS;
    return { state: 'starting', server: 'secondary', attempt: 1, deadlineAt, primary };
  }
  const isSymmetric = !isSameEndpoint(primary.mapped, secondary.mapped);
  if (isSymmetric && !supportsSymmetric) return offLine('symmetric NAT');
  return { state: 'qualified', mapped: primary.mapped, mtu: primary.mtu ?? mtuDefault, isSymmetric };
}

/** Off-line; the client decides when it tries again. */
export function offLine(reason: OfflineReason): OffLine {
  return { state: 'off-line', reason, retryAt: Number.POSITIVE_INFINITY };
}

export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.ipv4 === b.ipv4 && a.port === b.port;
}
