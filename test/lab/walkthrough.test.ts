import { beforeAll, describe, expect, test } from 'vitest';
import type { Result } from '../../src/lab/result.ts';
import { type LabRow, tellResult } from '../../src/lab/rows.ts';
import { runSimulated } from '../../src/lab/run.ts';
import { walkthrough } from '../../src/lab/scenarios/walkthrough.ts';
import { formatIpv6 } from '../../src/wire/text.ts';

let result: Result;
let chapters: LabRow[][];

beforeAll(() => {
  result = runSimulated(walkthrough, 1);
  chapters = tellResult(result);
});

describe('the walkthrough, chapter by chapter', () => {
  test('1: the AAAA look-up goes over IPv4 through the NAT', () => {
    expect(talk(0)).toEqual(['client A > name server: AAAA?', 'name server > client A: AAAA']);
  });

  test('2: RFC 4380 §5.2.1: two solicitations, two advertisements', () => {
    expect(talk(1)).toEqual([
      'client A > server: solicitation',
      'server > client A: advertisement',
      'client A > server: solicitation',
      'server > client A: advertisement',
    ]);
    expect(chapters[1]![3]!.sentence).toMatch(/203\.0\.113\.2 saw 192\.0\.2\.45:40001 too.*not symmetric/);
  });

  test('2: the address is the one that the mapping makes', () => {
    const address = result.chapters[1]!.findings.find((finding) => finding.type === 'address')!;
    expect(formatIpv6(address.address)).toMatch(/^2001:0:cb00:7101:[0-9a-f]{1,4}:63be:3fff:fdd2$/);
    expect(result.cast.clients.get('client A')!.client.mapped).toEqual({ ipv4: 0xc000022d | 0, port: 40_001 });
  });

  test('4: ledger K, "Miredo client to native host": test, bubble by the server, answer, queued reply; then data', () => {
    expect(talk(3).slice(0, 11)).toEqual([
      'client A > server: test',
      'server > IPv6 host: test',
      'IPv6 host > relay: reply',
      'relay > server: bubble',
      'server > client A: bubble',
      'client A > relay: bubble',
      'relay > client A: reply',
      'client A > relay: ping 1',
      'relay > IPv6 host: ping 1',
      'IPv6 host > relay: reply 1',
      'relay > client A: reply 1',
    ]);
  });

  test('4: the later pings need no prelude: four packets each', () => {
    for (const sequence of [2, 3, 4]) {
      expect(talk(3).slice(4 * sequence + 3, 4 * sequence + 7)).toEqual([
        `client A > relay: ping ${sequence}`,
        `relay > IPv6 host: ping ${sequence}`,
        `IPv6 host > relay: reply ${sequence}`,
        `relay > client A: reply ${sequence}`,
      ]);
    }
    expect(talk(3)).toHaveLength(23);
  });

  test('5: the client does not believe the relay before its own test came back', () => {
    expect(talk(4).slice(0, 11)).toEqual([
      'IPv6 host > relay: ping 1',
      'relay > server: bubble',
      'server > client B: bubble',
      'client B > relay: bubble',
      'relay > client B: ping 1',
      'client B > server: test',
      'server > IPv6 host: test',
      'IPv6 host > relay: reply',
      'relay > client B: reply',
      'client B > relay: reply 1',
      'relay > IPv6 host: reply 1',
    ]);
  });

  test('6: ledger K, "Client to client": the direct bubble is filtered, and yet it opens the way', () => {
    expect(talk(5).slice(0, 6)).toEqual([
      'client A > client B: bubble (lost at NAT B: NAT filter: address not contacted)',
      'client A > server: bubble',
      'server > client B: bubble',
      'client B > client A: bubble',
      'client A > client B: ping 1',
      'client B > client A: reply 1',
    ]);
  });

  test('7: a host-specific relay: the same prelude, and then nobody between', () => {
    expect(talk(6).slice(5)).toEqual([
      'dual host > client A: reply',
      'client A > dual host: ping 1',
      'dual host > client A: reply 1',
      'client A > dual host: ping 2',
      'dual host > client A: reply 2',
    ]);
  });

  test('8: RFC 4380 §5.2.5: silence makes the client solicit again, and the address stays', () => {
    expect(talk(7).slice(-2)).toEqual(['client A > server: solicitation', 'server > client A: advertisement']);
    const heard = chapters[6]!.findLast(({ from, to }) => from === 'server' && to === 'client A')!.arrivedAt!;
    const silence = chapters[7]!.at(-2)!.at - heard;
    expect(silence).toBeGreaterThanOrEqual(0.75 * 30_000);
    expect(silence).toBeLessThanOrEqual(30_000);
  });

  test('9: each client finds out what its NAT is', () => {
    const found = result.chapters[8]!.findings.flatMap((finding) => (finding.type === 'NAT' ? [finding.found] : []));
    expect(found).toEqual(['cone', 'address-restricted', 'port-restricted', 'symmetric']);
  });
});

test('every datagram has one sentence of its own, with a capital and a stop', () => {
  for (const row of chapters.flat()) {
    expect(row.sentence, `row ${row.number}`).toMatch(/^[A-Z0-9].{15,}\.$/);
    expect(row.sentence, `row ${row.number}`).not.toMatch(/undefined|NaN|nowhere/);
  }
  expect(chapters.flat().map(({ number }) => number)).toEqual(chapters.flat().map((_, i) => i + 1));
});

test('sentences follow the run: another seed, other ports in them', () => {
  const other = tellResult(runSimulated(walkthrough, 2));
  const mappings = (rows: LabRow[][]) => rows.flat().flatMap(({ translations }) => translations.map((t) => t.external));
  const ofB = (rows: LabRow[][]) => mappings(rows).find((external) => external.startsWith('198.51.100.77'))!;
  expect(ofB(other)).not.toBe(ofB(chapters));
  expect(other[2]!.some(({ sentence }) => sentence.includes(ofB(other)))).toBe(true);
});

function talk(chapter: number): string[] {
  return chapters[chapter]!.map(({ from, to, label, loss }) => {
    const lost = loss === undefined ? '' : ` (lost at ${loss.where}: ${loss.reason})`;
    return `${from} > ${to}: ${label}${lost}`;
  });
}
