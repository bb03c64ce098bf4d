import type { Batch } from '../../batch/batch.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import { isPlain } from '../../wire/upper-layer.ts';
import { REVALIDATION_MS } from '../constants.ts';
import { Drop } from '../drop.ts';
import type { Relay } from './relay.ts';

/**
 * UDP to IPv6 (RFC 4380 §5.4.2): a plain packet from where a trusted client is known to be goes on to a destination
 * we serve. That the mapping is the one inside the client's address was checked when the client was trusted.
 */
export function receive(relay: Relay, batch: Batch, now: number): void {
  const { bytes, start, length, ipv4, port } = batch;
  const { peers } = relay;
  for (let slot = 0; slot < batch.count; slot++) {
    const at = start[slot]!;
    if (!ipv6.fills(bytes, at, at + length[slot]!) || !isPlain(bytes, at)) {
      relay.receiveSlow(batch, slot, now);
    } else {
      const peer = peers.find(bytes, at + ipv6.SOURCE);
      if (peer < 0 || peers.trusted[peer] === 0 || peers.ipv4[peer] !== ipv4[slot] || peers.port[peer] !== port[slot]) {
        relay.receiveSlow(batch, slot, now);
      } else {
        peers.lastReceptionAt[peer] = now;
        if (!relay.serves(bytes, at + ipv6.DESTINATION)) relay.drop(batch, slot, Drop.NotServed);
      }
    }
  }
}

/**
 * IPv6 to UDP (RFC 4380 §5.4.1 (1); ledger REL-04): to the mapping of a trusted client heard a moment ago. Only addresses that may
 * be sent to are ever trusted, so the first check of §5.4.1 was made then.
 */
export function transmit(relay: Relay, batch: Batch, now: number): void {
  const { bytes, start, length, ipv4, port, via } = batch;
  const { peers } = relay;
  for (let slot = 0; slot < batch.count; slot++) {
    const at = start[slot]!;
    if (length[slot]! < ipv6.LENGTH || bytes[at]! >>> 4 !== 6 || !relay.carries(bytes, at + ipv6.SOURCE)) {
      relay.transmitSlow(batch, slot, now);
    } else {
      const peer = peers.find(bytes, at + ipv6.DESTINATION);
      if (peer < 0 || peers.trusted[peer] === 0 || now - peers.lastReceptionAt[peer]! >= REVALIDATION_MS) {
        relay.transmitSlow(batch, slot, now);
      } else {
        ipv4[slot] = peers.ipv4[peer]!;
        port[slot] = peers.port[peer]!;
        via[slot] = 0;
        peers.lastTransmissionAt[peer] = now;
      }
    }
  }
}
