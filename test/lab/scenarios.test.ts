import { describe, expect, test } from 'vitest';
import { dissectPacket } from '../../src/capture/datagram.ts';
import { toJson } from '../../src/lab/json.ts';
import { print } from '../../src/lab/print.ts';
import { tellResult } from '../../src/lab/rows.ts';
import { runSimulated } from '../../src/lab/run.ts';
import { toPcapng } from '../../src/lab/save.ts';
import { parseScenarioFile } from '../../src/lab/scenario-file.ts';
import { pairName, pairNats } from '../../src/lab/scenarios/nat-pair.ts';
import { scenarioByName, scenarios } from '../../src/lab/scenarios.ts';
import { makePaint } from '../../src/lab/text.ts';
import { packetBytes } from '../../src/sim/trace.ts';
import * as checksum from '../../src/wire/checksum.ts';
import * as encapsulation from '../../src/wire/encapsulation.ts';
import * as icmpv6 from '../../src/wire/icmpv6.ts';

const SEEDS = 25;

describe.each(scenarios)('$name', (scenario) => {
  test(`goes as expected with ${SEEDS} seeds`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { chapters } = runSimulated(scenario, seed);
      const wrong = chapters.flatMap(({ findings }) => findings.filter(({ isAsExpected }) => !isAsExpected));
      expect(wrong, `seed ${seed}`).toEqual([]);
    }
  });

  test('same seed, same story, same capture: octet for octet', () => {
    const [one, two] = [1, 1].map((seed) => {
      const result = runSimulated(scenario, seed);
      const chapters = tellResult(result);
      return { text: print(result, chapters, 100, makePaint(true)), file: toPcapng(result, chapters) };
    });
    expect(two!.text).toBe(one!.text);
    expect(Buffer.compare(one!.file, two!.file)).toBe(0);
    const other = runSimulated(scenario, 2);
    expect(Buffer.compare(one!.file, toPcapng(other, tellResult(other)))).not.toBe(0);
  });

  test('every frame has right checksums, outside and inside', () => {
    const { cast } = runSimulated(scenario, 1);
    const crossings = cast.world.trace.records.filter((record) => record.type === 'crossing');
    for (const crossing of crossings) {
      const bytes = packetBytes(crossing);
      const seen = dissectPacket(bytes);
      if (seen.type === 'datagram') {
        expect(checksum.finish(checksum.sum(bytes, 0, 20, 0))).toBe(0);
        const udp = checksum.sum(bytes, 12, 8, 17 + bytes.length - 20);
        expect(checksum.finish(checksum.sum(bytes, 20, bytes.length - 20, udp))).toBe(0);
        expectGoodInside(seen.payload);
      } else {
        expect(seen.type).toBe('packet');
        if (icmpv6.isMessage(bytes, 0)) expect(checksum.isIcmpv6Right(bytes, 0)).toBe(true);
      }
    }
    expect(crossings.length).toBeGreaterThan(10);
  });

  test.each([80, 100, 120])('nothing is wider than %i characters', (width) => {
    const result = runSimulated(scenario, 1);
    const text = print(result, tellResult(result), width, makePaint(false));
    expect(text).not.toContain('\x1b');
    expect(text.split('\n').filter((line) => line.length > width)).toEqual([]);
  });

  test('as data: every row and every finding, and JSON keeps it all', () => {
    const result = runSimulated(scenario, 1);
    const rows = tellResult(result);
    const data = toJson(result, rows) as {
      chapters: { rows: unknown[]; findings: unknown[] }[];
      schemaVersion: number;
    };
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
    expect(data.schemaVersion).toBe(1);
    expect(data.chapters.map((chapter) => chapter.rows.length)).toEqual(rows.map((chapter) => chapter.length));
    expect(data.chapters.flatMap(({ findings }) => findings)).toHaveLength(
      result.chapters.flatMap(({ findings }) => findings).length,
    );
  });
});

describe('a scenario as a file', () => {
  test.each(scenarios)('$name comes back as it was', (scenario) => {
    expect(parseScenarioFile(JSON.stringify({ seed: 3, scenario }), 'x.json')).toEqual({ seed: 3, scenario });
  });

  test.each([
    ['{', 'not JSON'],
    ['{}', 'scenario'],
    [JSON.stringify({ scenario: { ...scenarios[0], nodes: [] } }), 'scenario.nodes'],
    [JSON.stringify({ scenario: { ...scenarios[0], more: 1 } }), 'more'],
    [JSON.stringify({ seed: -1, scenario: scenarios[0] }), 'seed'],
  ])('what is wrong is named: %#', (text, word) => {
    expect(() => parseScenarioFile(text, 'x.json')).toThrow(word);
    expect(() => parseScenarioFile(text, 'x.json')).toThrow('x.json');
  });
});

test('every scenario has a name of its own that can be typed', () => {
  const names = scenarios.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

function expectGoodInside(payload: Uint8Array): void {
  const parts = encapsulation.parse(payload, 0, payload.length);
  if (typeof parts === 'number') return; // DNS
  if (icmpv6.isMessage(payload, parts.packetAt)) expect(checksum.isIcmpv6Right(payload, parts.packetAt)).toBe(true);
}

describe('RFC 6081 §3, figure 1: two clients behind each pair of NATs', () => {
  test.each(pairNats.flatMap((from) => pairNats.map((to) => [from, to] as const)))('%s, %s', (from, to) => {
    const scenario = scenarioByName(pairName(from, to))!;
    for (let seed = 1; seed <= 5; seed++) {
      const { chapters } = runSimulated(scenario, seed);
      const wrong = chapters.flatMap(({ findings }) => findings.filter(({ isAsExpected }) => !isAsExpected));
      expect(wrong, `seed ${seed}`).toEqual([]);
    }
  });

  test('a name that names no pair is no scenario', () => {
    for (const name of ['cone', 'cone-to-', 'cone-to-nothing', '-to-cone'])
      expect(scenarioByName(name)).toBeUndefined();
  });
});
