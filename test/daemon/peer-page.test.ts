import { beforeAll, expect, test } from 'vitest';
import { PAGE_MAX, peerPage } from '../../src/daemon/peer-page.ts';
import { PeerTable } from '../../src/peers/peer-table.ts';
import { readI32, writeI32 } from '../../src/wire/bytes.ts';

const COUNT = 1_000_000;
/** Places that one question may cost the thread that carries packets. */
const PLACES_MAX = 65_536;

/** As large as they are by default, and a count of the places that were looked at. */
const table = new PeerTable(1 << 20, 1 << 20, 1, () => {});
let looked = 0;

beforeAll(() => {
  for (let number = 0; number < COUNT; number++) table.add(addressOf(number), 0, 0);
  const { isTaken } = table;
  table.isTaken = (peer) => {
    looked++;
    return isTaken.call(table, peer);
  };
});

test('a million peers: every one is told once, by pages of which none costs more than it may', () => {
  const seen = new Uint8Array(COUNT);
  let pages = 0;
  for (let from = 0; from >= 0; pages++) {
    looked = 0;
    const page = peerPage(table, from, COUNT, 1_000);
    expect(page.count).toBeLessThanOrEqual(PAGE_MAX);
    expect(looked).toBeLessThanOrEqual(PLACES_MAX);
    expect(page.total).toBe(COUNT);
    for (let row = 0; row < page.count; row++) seen[readI32(page.addresses, 16 * row + 12)]!++;
    from = page.next;
  }
  expect(seen.every((times) => times === 1)).toBe(true);
  expect(pages).toBe(Math.ceil(COUNT / PAGE_MAX));
});

test('where nearly all have gone, a page may be empty, and still costs no more', () => {
  const address = new Uint8Array(16);
  for (let number = 0; number < COUNT; number++) {
    if (number % 250_000 === 0) continue;
    address.set(addressOf(number));
    table.remove(table.find(address, 0));
  }
  const found: number[] = [];
  let pages = 0;
  for (let from = 0; from >= 0; pages++) {
    looked = 0;
    const page = peerPage(table, from, PAGE_MAX, 1_000);
    expect(looked).toBeLessThanOrEqual(PLACES_MAX);
    for (let row = 0; row < page.count; row++) found.push(readI32(page.addresses, 16 * row + 12));
    from = page.next;
  }
  expect(found.sort((a, b) => a - b)).toEqual([0, 250_000, 500_000, 750_000]);
  expect(pages).toBeLessThanOrEqual(1 + (1 << 20) / PLACES_MAX);
});

function addressOf(number: number): Uint8Array {
  const address = new Uint8Array(16);
  writeI32(address, 0, 0x2001_0000);
  writeI32(address, 12, number);
  return address;
}
