import { aPacket, capitalized } from '../../capture/story/words.ts';
import { type Row, type Sighting, Story } from '../../capture/story.ts';
import { udpPacket } from '../../capture/udp-packet.ts';
import type { TapRecord } from '../../daemon/tap/record.ts';
import { describePacket } from '../../wire/describe.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import { formatIpv6 } from '../../wire/text.ts';

/** Made up where nobody told us. */
const TIME_TO_LIVE = 64;

/** How the two ends shall be called, where the caller knows. */
export interface Names {
  readonly from: string;
  readonly to: string;
}

/** What there is to say of one record. */
export type Told = Pick<Row, 'kind' | 'from' | 'to' | 'summary' | 'sentence'>;

/** Tells the role of each record, as it comes, in the story of them all. */
export class TapStory {
  readonly #story = new Story();

  /** Undefined: nothing of Teredo's. */
  tell(record: TapRecord, names?: Names): Told | undefined {
    if (record.type === 'packet') return tellPacket(record);
    return this.#story.add({ ...sighting(record), ...names });
  }
}

/** Neighbour discovery of the interface and the like is no part of the story. */
function tellPacket({ bytes, isOut }: TapRecord): Told | undefined {
  if (bytes.length < ipv6.LENGTH || ipv6.isLinkLocal(bytes, ipv6.SOURCE) || ipv6.isMulticast(bytes, ipv6.DESTINATION)) {
    return undefined;
  }
  const { kind, summary } = describePacket(bytes);
  const [from, to] = [formatIpv6(bytes, ipv6.SOURCE), formatIpv6(bytes, ipv6.DESTINATION)];
  const sentence = isOut
    ? `${aPacket(kind)} for ${to} enters the tunnel here`
    : `${aPacket(kind)} of ${from} comes out of the tunnel here`;
  return { kind, summary, from, to, sentence: `${capitalized(sentence)}.` };
}

/** What passed, as it would look in a capture of a wire. */
export function frameOf(record: TapRecord): Uint8Array {
  if (record.type === 'packet') return record.bytes;
  const { source, destination } = ends(record);
  return udpPacket(source, destination, record.bytes, record.length);
}

export function sighting(record: TapRecord): Sighting {
  const { at, type, role } = record;
  const link = `${role} ${type}`;
  const bytes = whole(record);
  if (type === 'packet') return { type: 'packet', packet: bytes, at, link };
  return { type: 'datagram', ...ends(record), payload: bytes, ttl: TIME_TO_LIVE, at, link };
}

function ends({ isOut, local, remote }: TapRecord) {
  return isOut ? { source: local, destination: remote } : { source: remote, destination: local };
}

/** The story reads lengths: what was cut off is zeros to it. */
function whole({ bytes, length }: TapRecord): Uint8Array {
  if (bytes.length === length) return bytes;
  const padded = new Uint8Array(length);
  padded.set(bytes);
  return padded;
}
