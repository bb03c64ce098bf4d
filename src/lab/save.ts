import { PcapngWriter } from '../capture/pcapng.ts';
import { packetBytes } from '../sim/trace.ts';
import { formatIpv4 } from '../wire/text.ts';
import type { Cast } from './build.ts';
import type { Result } from './result.ts';
import type { LabRow } from './rows.ts';

/**
 * The whole trace as a pcapng file: one interface for each network, every sentence as the comment of its first frame.
 *
 * Shape:  same result, same octets; instants count from the beginning of 1970, for virtual time has no date.
 */
export function toPcapng(result: Result, chapters: readonly (readonly LabRow[])[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => blocks.push(block), { application: 'teredo lab', resolution: 'us' });
  const comments = commentsByFrame(chapters);
  const interfaces = new Map<string, number>();
  const crossings = result.cast.world.trace.records.filter((record) => record.type === 'crossing');
  for (const { network } of crossings) {
    if (!interfaces.has(network)) interfaces.set(network, writer.addInterface({ name: network }));
  }
  for (const [address, name] of namesOf(result.cast)) writer.addName(address, name.replaceAll(' ', '-'));
  for (const [index, crossing] of crossings.entries()) {
    writer.addPacket(
      interfaces.get(crossing.network)!,
      crossing.at,
      packetBytes(crossing),
      comments.get(index + 1) ?? [],
    );
  }
  return concatenate(blocks);
}

function commentsByFrame(chapters: readonly (readonly LabRow[])[]): Map<number, string[]> {
  const comments = new Map<number, string[]>();
  for (const rows of chapters) {
    for (const row of rows) {
      const frame = row.frames[0];
      if (frame !== undefined) comments.set(frame, [`${row.number}. ${row.sentence}`]);
    }
  }
  return comments;
}

/** Names by address, without addresses that stand for more than one node (private ones may). */
function namesOf(cast: Cast): Map<Uint8Array, string> {
  const owners = new Map<string, { address: Uint8Array; names: Set<string> }>();
  const add = (address: Uint8Array, name: string) => {
    const key = address.join('.');
    const owner = owners.get(key) ?? { address, names: new Set<string>() };
    owner.names.add(name);
    owners.set(key, owner);
  };
  for (const [name, host] of cast.hosts) {
    for (const ipv4 of host.ipv4Addresses) add(octets(ipv4), name);
    for (const address of host.ipv6Addresses) add(address, name);
    const teredo = cast.clients.get(name)?.tunnel.address;
    if (teredo !== undefined) add(teredo, name);
  }
  for (const [name, nat] of cast.nats) for (const ipv4 of nat.table.external) add(octets(ipv4), name);
  const unique = [...owners.values()].filter(({ names }) => names.size === 1);
  return new Map(unique.map(({ address, names }) => [address, [...names][0]!]));
}

function octets(ipv4: number): Uint8Array {
  return Uint8Array.from(formatIpv4(ipv4).split('.'), Number);
}

function concatenate(blocks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(blocks.reduce((length, block) => length + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}
