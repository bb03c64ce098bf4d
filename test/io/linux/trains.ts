/** Packets as an IPv6 host sends them, built field by field, and random trains of them. */
import fc from 'fast-check';
import * as checksum from '../../../src/wire/checksum.ts';

export const TCP = 6;
export const UDP = 17;
export const ICMPV6 = 58;

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
export const URG = 32;
export const ECE = 64;
export const CWR = 128;

export interface PacketPlan {
  readonly flow: number;
  /** Traffic class and flow label: the first word without the version. */
  readonly label?: number;
  readonly hopLimit?: number;
  /** Extension headers before the upper layer, whole, each with its own type. */
  readonly extensions?: readonly { readonly type: number; readonly body: Uint8Array }[];
  readonly upper: TcpPlan | UdpPlan | IcmpPlan;
  readonly payload: Uint8Array;
  /** Flips this bit of the packet in the end, checksums notwithstanding. */
  readonly damagedBit?: number;
  /** Added to the IPv6 header's length. */
  readonly lengthError?: number;
}

interface TcpPlan {
  readonly protocol: typeof TCP;
  readonly sequence: number;
  readonly acknowledgement?: number;
  readonly flags?: number;
  readonly window?: number;
  readonly urgent?: number;
  readonly reserved?: number;
  readonly options?: Uint8Array;
}

interface UdpPlan {
  readonly protocol: typeof UDP;
  readonly withoutChecksum?: boolean;
  readonly lengthError?: number;
}

interface IcmpPlan {
  readonly protocol: typeof ICMPV6;
}

export function build(plan: PacketPlan): Uint8Array {
  const upper = buildUpper(plan);
  const extensions = plan.extensions ?? [];
  const types = [...extensions.map(({ type }) => type), plan.upper.protocol];
  const headers = extensions.map(({ body }, index) => {
    const padded = new Uint8Array(Math.ceil((2 + body.length) / 8) * 8);
    padded.set([types[index + 1]!, padded.length / 8 - 1]);
    padded.set(body, 2);
    return padded;
  });
  const packet = Buffer.concat([new Uint8Array(40), ...headers, upper, plan.payload]);
  const start = packet.length - upper.length - plan.payload.length;
  packet.writeUInt32BE(((6 << 28) | (plan.label ?? 0)) >>> 0, 0);
  packet.writeUInt16BE(Math.max(0, packet.length - 40 + (plan.lengthError ?? 0)), 4);
  packet[6] = types[0]!;
  packet[7] = plan.hopLimit ?? 64;
  packet.write('20010000cb0071010000000000000001', 8, 'hex');
  packet[23] = plan.flow;
  packet.write('20010db8000000000000000000000002', 24, 'hex');
  writeChecksum(packet, start, plan.upper);
  if (plan.damagedBit !== undefined) packet[(plan.damagedBit >> 3) % packet.length]! ^= 1 << (plan.damagedBit & 7);
  return new Uint8Array(packet);
}

function buildUpper({ flow, upper, payload }: PacketPlan): Uint8Array {
  if (upper.protocol === ICMPV6) return Uint8Array.of(128, 0, 0, 0, 0, flow, 0, 1);
  const header = Buffer.alloc(upper.protocol === UDP ? 8 : 20 + (upper.options?.length ?? 0));
  header.writeUInt16BE(5_000 + flow, 0);
  header.writeUInt16BE(80, 2);
  if (upper.protocol === UDP) {
    header.writeUInt16BE(8 + payload.length + (upper.lengthError ?? 0), 4);
    return header;
  }
  header.writeUInt32BE(upper.sequence >>> 0, 4);
  header.writeUInt32BE(upper.acknowledgement ?? 1_000, 8);
  header[12] = ((header.length / 4) << 4) | (upper.reserved ?? 0);
  header[13] = upper.flags ?? ACK;
  header.writeUInt16BE(upper.window ?? 500, 14);
  header.writeUInt16BE(upper.urgent ?? 0, 18);
  header.set(upper.options ?? [], 20);
  return header;
}

function writeChecksum(packet: Buffer, start: number, upper: PacketPlan['upper']): void {
  const field = start + { [TCP]: 16, [UDP]: 6, [ICMPV6]: 2 }[upper.protocol];
  const length = packet.length - start;
  const sum = checksum.sum(packet, start, length, checksum.pseudoHeader(packet, 0, length, upper.protocol));
  let value = checksum.finish(sum);
  if (upper.protocol === UDP) value = upper.withoutChecksum ? 0 : value || 0xffff;
  packet.writeUInt16BE(value, field);
}

/** What a TCP sender may do with its next packet: mostly go on, sometimes something else. */
type Step = (flow: Flow) => PacketPlan;

interface Flow {
  readonly number: number;
  next: number;
}

const TIMESTAMP = Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9);
const SACK = Uint8Array.of(1, 1, 5, 10, 0, 0, 1, 0, 0, 0, 2, 0);

const payload = fc.oneof(
  { weight: 6, arbitrary: fc.constant(100) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 130 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 99, 101, 1_208) },
);

/** How much of the flow's sequence space a packet takes, whatever it says. */
function tcpStep(change: Partial<TcpPlan>, around: Partial<PacketPlan>, length: number, skip: number): Step {
  return (flow) => {
    const sequence = (flow.next + skip) | 0;
    flow.next = (sequence + length) | 0;
    return {
      flow: flow.number,
      payload: noise(length, sequence),
      ...around,
      upper: { protocol: TCP, sequence, options: TIMESTAMP, ...change },
    };
  };
}

const around = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Partial<PacketPlan>>({}) },
  { weight: 1, arbitrary: fc.record({ label: fc.constantFrom(1, 0x0010_0000, 0x0ff0_0000) }) },
  { weight: 1, arbitrary: fc.record({ hopLimit: fc.constantFrom(1, 63) }) },
  { weight: 1, arbitrary: fc.record({ damagedBit: fc.integer({ min: 8 * 40, max: 8 * 2_000 }) }) },
  { weight: 1, arbitrary: fc.record({ lengthError: fc.constantFrom(-1, 1, -100) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      extensions: fc.array(
        fc.record({ type: fc.constantFrom(0, 43, 44, 60), body: fc.uint8Array({ minLength: 6, maxLength: 6 }) }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  },
);

const tcpChange = fc.oneof(
  { weight: 16, arbitrary: fc.constant<Partial<TcpPlan>>({}) },
  {
    weight: 4,
    arbitrary: fc.record({
      flags: fc.constantFrom(
        ACK | PSH,
        ACK | FIN,
        ACK | FIN | PSH,
        RST,
        SYN,
        ACK | SYN,
        ACK | URG,
        ACK | ECE,
        ACK | CWR,
        0,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ acknowledgement: fc.constantFrom(1_001, 999) }) },
  { weight: 1, arbitrary: fc.record({ window: fc.constantFrom(501, 0) }) },
  { weight: 1, arbitrary: fc.record({ urgent: fc.constant(1) }) },
  { weight: 1, arbitrary: fc.record({ reserved: fc.constantFrom(1, 8) }) },
  { weight: 2, arbitrary: fc.record({ options: fc.constantFrom(SACK, new Uint8Array(0)) }) },
);

const skip = fc.oneof(
  { weight: 10, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(-100, 100, 1, 2 ** 31 - 50) },
);

const tcp = fc.tuple(tcpChange, around, payload, skip).map((parts) => tcpStep(...parts));

const udp = fc
  .tuple(
    around,
    payload,
    fc.oneof(
      { weight: 10, arbitrary: fc.constant<Partial<UdpPlan>>({}) },
      { weight: 1, arbitrary: fc.constant<Partial<UdpPlan>>({ withoutChecksum: true }) },
      { weight: 1, arbitrary: fc.constant<Partial<UdpPlan>>({ lengthError: -1 }) },
    ),
  )
  .map(([outside, length, change]): Step => {
    return ({ number }) => ({
      flow: number,
      payload: noise(length, length),
      ...outside,
      upper: { protocol: UDP, ...change },
    });
  });

const other = fc.tuple(around, payload).map(([outside, length]): Step => {
  return ({ number }) => ({ flow: number, payload: noise(length, 1), ...outside, upper: { protocol: ICMPV6 } });
});

/** Runs of one kind of packet, one behind the other, of a few flows. */
export const train: fc.Arbitrary<Uint8Array[]> = fc
  .array(
    fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.oneof(
        { weight: 6, arbitrary: fc.array(tcp, { minLength: 1, maxLength: 20 }) },
        { weight: 3, arbitrary: fc.array(udp, { minLength: 1, maxLength: 20 }) },
        { weight: 1, arbitrary: fc.array(other, { minLength: 1, maxLength: 2 }) },
      ),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((runs) => {
    // Close to the end of the sequence space, so that trains cross it.
    const flows = [1, 2, 3].map((number): Flow => ({ number, next: -700 * number }));
    return runs.flatMap(([number, steps]) => steps.map((step) => build(step(flows[number - 1]!))));
  });

/** For comparing many packets at once. */
export function hex(packets: readonly Uint8Array[]): string[] {
  return packets.map((packet) => Buffer.from(packet).toString('hex'));
}

/** Octets that differ from place to place and from packet to packet. */
export function noise(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (Math.imul(index + seed, 0x9e3779b1) >>> 24) & 0xff);
}
