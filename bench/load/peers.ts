/** A list of peers of a given size, in a process of its own: octets for each, and time to find one. */
import { PeerTable } from '../../src/peers/peer-table.ts';

export interface PeersMeasured {
  /** For each peer, of the memory that the table added to the process. */
  readonly octets: number;
  /** Finding one of the same few hundred again and again, which the processor's caches hold. */
  readonly lookupNs: number;
  /** Finding any of them, without order. */
  readonly randomLookupNs: number;
  /** Of the whole process. */
  readonly residentOctets: number;
}

const LOOKUPS = 2_000_000;
const HOT = 256;
const ADDRESS_LENGTH = 16;

const count = Number(process.argv[2]);
const addresses = teredoAddresses(count);
const before = usedOctets();
const table = new PeerTable(count, count, 0x5eed, () => {});
for (let peer = 0; peer < count; peer++) table.trust(table.add(addresses, ADDRESS_LENGTH * peer, peer), peer, 1, peer);
const octets = (usedOctets() - before) / count;
if (table.size !== count) throw new Error(`${table.size} of ${count} peers`);

const spread = order(count);
const hot = spread.subarray(0, Math.min(HOT, count));
const measured: PeersMeasured = {
  octets,
  lookupNs: lookupNs(hot),
  randomLookupNs: lookupNs(spread),
  residentOctets: process.memoryUsage.rss(),
};
process.stdout.write(JSON.stringify(measured));

/** Heap and array buffers, after a collection. */
function usedOctets(): number {
  (globalThis as unknown as { gc(): void }).gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The fastest of five passes, since other programs can only add time. */
function lookupNs(which: Int32Array): number {
  let best = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < 5; pass++) {
    const startAt = performance.now();
    const found = find(which);
    best = Math.min(best, ((performance.now() - startAt) * 1e6) / LOOKUPS);
    if (found !== LOOKUPS) throw new Error(`${found} of ${LOOKUPS} lookups found their peer`);
  }
  return best;
}

function find(which: Int32Array): number {
  let found = 0;
  let next = 0;
  for (let i = 0; i < LOOKUPS; i++) {
    const at = ADDRESS_LENGTH * which[next]!;
    if (table.find(addresses, at) >= 0) found++;
    next = next + 1 === which.length ? 0 : next + 1;
  }
  return found;
}

/** Addresses of one server's clients: 2001:0, the server, and mapped addresses and ports without any pattern. */
function teredoAddresses(length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(ADDRESS_LENGTH * length));
  for (let peer = 0; peer < length; peer++) {
    const at = ADDRESS_LENGTH * peer;
    view.setUint32(at, 0x20010000);
    view.setUint32(at + 4, 0xc0000201);
    view.setUint32(at + 8, Math.imul(peer, 0x9e3779b1) >>> 0);
    view.setUint32(at + 12, peer);
  }
  return new Uint8Array(view.buffer);
}

/** 0 to `length` - 1, shuffled, the same at each run (Fisher and Yates; numbers by a linear congruence). */
function order(length: number): Int32Array {
  const places = Int32Array.from({ length }, (_, i) => i);
  let state = 1;
  for (let i = length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (i + 1);
    [places[i], places[other]] = [places[other]!, places[i]!];
  }
  return places;
}
