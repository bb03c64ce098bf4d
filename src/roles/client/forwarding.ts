import type { Batch } from '../../batch/batch.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import { isPlain } from '../../wire/upper-layer.ts';
import { REVALIDATION_MS } from '../constants.ts';
import type { Client } from './client.ts';

/** UDP to IPv6 (RFC 4380 §5.2.3): a plain packet for us from where a trusted peer is known to be stays in its slot. */
export function receive(client: Client, batch: Batch, now: number): void {
  const { bytes, start, length, ipv4, port, via } = batch;
  const { peers, ownAddress } = client;
  for (let slot = 0; slot < batch.count; slot++) {
    const at = start[slot]!;
    if (
      !ipv6.fills(bytes, at, at + length[slot]!) ||
      !isPlain(bytes, at) ||
      !ipv6.sameAddress(bytes, at + ipv6.DESTINATION, ownAddress, 0)
    ) {
      client.receiveSlow(batch, slot, now);
    } else {
      const peer = peers.find(bytes, at + ipv6.SOURCE);
      if (
        peer < 0 ||
        peers.trusted[peer] === 0 ||
        peers.ipv4[peer] !== ipv4[slot] ||
        peers.port[peer] !== port[slot] ||
        peers.via[peer] !== via[slot]
      ) {
        client.receiveSlow(batch, slot, now);
      } else {
        peers.lastReceptionAt[peer] = now; // RFC 4380 §5.2.3 (1); ledger CLI-64
      }
    }
  }
}

/** IPv6 to UDP (RFC 4380 §5.2.4 (1); ledger CLI-41): a packet of ours to a trusted, valid peer goes to that peer's mapping. */
export function transmit(client: Client, batch: Batch, now: number): void {
  const { bytes, start, length, ipv4, port, via } = batch;
  const { peers, ownAddress } = client;
  for (let slot = 0; slot < batch.count; slot++) {
    const at = start[slot]!;
    if (
      length[slot]! < ipv6.LENGTH ||
      bytes[at]! >>> 4 !== 6 ||
      !ipv6.sameAddress(bytes, at + ipv6.SOURCE, ownAddress, 0)
    ) {
      client.transmitSlow(batch, slot, now);
    } else {
      const peer = peers.find(bytes, at + ipv6.DESTINATION);
      if (peer < 0 || peers.trusted[peer] === 0 || now - peers.lastReceptionAt[peer]! >= REVALIDATION_MS) {
        client.transmitSlow(batch, slot, now);
      } else {
        ipv4[slot] = peers.ipv4[peer]!;
        port[slot] = peers.port[peer]!;
        via[slot] = peers.via[peer]!;
        peers.lastTransmissionAt[peer] = now;
      }
    }
  }
}
