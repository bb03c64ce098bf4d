import type { Crossing, Loss, TraceRecord } from '../sim/trace.ts';

/** One datagram or packet from its sender to where it arrived or ended, through every NAT on its way. */
export interface Flight {
  readonly id: number;
  /** The host that sent it. */
  readonly sender: string;
  /** Name of the node where it arrived, or of the node or network where it ended. */
  readonly receiver: string;
  /** ms of virtual time. */
  readonly at: number;
  /** Undefined: it did not arrive. */
  readonly arrivedAt: number | undefined;
  /** The flight whose arrival made the sender send this one. */
  readonly cause: number | undefined;
  /** As it was sent, and as each NAT handed it on. */
  readonly crossings: readonly Crossing[];
  /** Number of each crossing's frame in a saved capture; the first frame of a file is 1. */
  readonly frames: readonly number[];
  readonly loss: Loss | undefined;
}

/** Nodes in the order of the way, without the network a packet got lost in. */
export function pathOf(flight: Flight): string[] {
  const first = flight.crossings[0];
  if (first === undefined) return [];
  return [first.from, ...flight.crossings.map((crossing) => crossing.to)].filter((node) => node !== '');
}

/**
 * Puts the crossings of a trace together to flights, in the order they were sent.
 *
 * Shape:  a multicast datagram makes one flight for each receiver, and so does the duplicate that a link made.
 *         Flights whose first crossing stands before `from` (an index into `records`) are left out.
 */
export function flightsOf(records: readonly TraceRecord[], from = 0): Flight[] {
  const ways: Way[] = [];
  const byFlight = new Map<number, Way[]>();
  let frame = 0;
  for (const [index, record] of records.entries()) {
    if (record.type === 'crossing') frame++;
    if (record.flight === undefined) continue;
    const waysOfFlight = byFlight.get(record.flight) ?? [];
    byFlight.set(record.flight, waysOfFlight);
    if (record.type === 'loss') {
      const ended = waysOfFlight.findLast((way) => way.loss === undefined && endsAt(way, record.where));
      if (ended !== undefined) ended.loss = record;
    } else if (record.from === record.sender) {
      const way: Way = { crossings: [record], frames: [frame], loss: undefined };
      waysOfFlight.push(way);
      if (index >= from) ways.push(way);
    } else {
      const before = waysOfFlight.find((way) => way.loss === undefined && way.crossings.at(-1)!.to === record.from);
      before?.crossings.push(record);
      before?.frames.push(frame);
    }
  }
  return ways.map(toFlight);
}

interface Way {
  readonly crossings: Crossing[];
  readonly frames: number[];
  loss: Loss | undefined;
}

function endsAt(way: Way, where: string): boolean {
  const last = way.crossings.at(-1)!;
  return last.to === where || last.network === where;
}

function toFlight({ crossings, frames, loss }: Way): Flight {
  const [first, last] = [crossings[0]!, crossings.at(-1)!];
  const arrivedAt = loss === undefined ? last.arrivesAt : undefined;
  const { flight: id, sender, at, cause } = first;
  return { id, sender, receiver: loss?.where ?? last.to, at, arrivedAt, cause, crossings, frames, loss };
}
