import type { SeededRandom } from './random.ts';
import type { Crossing, Trace } from './trace.ts';

/** What every part of a world sees of it: the time, a way to be called later, chance, and the trace. */
export interface Context {
  /** Virtual time in ms. */
  readonly now: number;
  /** Chance on the links. Roles and NATs have generators of their own. */
  readonly random: SeededRandom;
  readonly trace: Trace;
  /** Calls `action` after this many ms of virtual time. */
  after(delayMs: number, action: () => void): void;
  /** Calls `action` at this instant, or now if it has passed. */
  at(instant: number, action: () => void): void;
  /** A number for one more datagram or packet. */
  nextFlight(): number;
  /** The flight that is being handled now; what is sent meanwhile names it as its cause. */
  cause: number | undefined;
}

/** Notes that something was put on a network, and when it reaches the other end; undefined: it does not. */
export function cross(
  { trace, now, cause }: Context,
  network: string,
  [from, to]: readonly [string, string],
  { datagram, packet }: Pick<Crossing, 'datagram' | 'packet'>,
  arrivesAt: number | undefined,
): void {
  const what = datagram ?? packet;
  if (!trace.isOn || what === undefined) return;
  const { flight, sender } = what;
  trace.add({ type: 'crossing', at: now, arrivesAt, network, from, to, flight, cause, sender, datagram, packet });
}

/** Ends a flight, with the reason people will read. */
export function lose(context: Context, where: string, reason: string, flight: number | undefined): void {
  if (context.trace.isOn) context.trace.add({ type: 'loss', at: context.now, where, reason, flight });
}
