import { describe, expect, test } from 'vitest';
import { runSimulated } from '../../src/lab/run.ts';
import { walkthrough } from '../../src/lab/scenarios/walkthrough.ts';
import { scenarioByName, scenarios } from '../../src/lab/scenarios.ts';
import { applyChanges, type Change, checkChanges, withChange } from '../../web/src/model/changes.ts';
import { itemAt, ladderItems, shownBy } from '../../web/src/model/ladder-items.ts';
import { ladderSvg } from '../../web/src/model/ladder-svg.ts';
import { fromFragment, toFragment } from '../../web/src/model/link.ts';
import { mappingsAt } from '../../web/src/model/nat-mappings.ts';
import { explain } from '../../web/src/model/octets.ts';
import { conditionAt, troubleWords } from '../../web/src/model/recording.ts';
import { StoryTime } from '../../web/src/model/story-time.ts';
import { waysAt } from '../../web/src/model/ways.ts';
import { play } from '../../web/src/sources/sim.ts';

const changes: readonly Change[] = [
  { type: 'nat', from: 0, node: 'NAT A', nat: 'symmetric' },
  { type: 'link', from: 3, node: 'relay', to: { isUp: false, loss: 0.2 } },
  { type: 'metric', from: 4, node: 'relay', metric: 50 },
  { type: 'withdraw', from: 5, node: 'relay' },
  { type: 'ping', node: 'client B', to: 'IPv6 host' },
];

describe('a link restores what it was made of', () => {
  test('scenario, seed, changes, instant and datagram', () => {
    const state = { scenario: 'walkthrough', seed: 7, changes, instant: 1234.567, selected: 12 };
    const { base, ...restored } = fromFragment(toFragment(state), scenarioByName, walkthrough);
    expect(restored).toEqual(state);
    expect(base).toBe(walkthrough);
  });

  test.each([
    '',
    '#',
    '#scenario=nonsense&seed=-1&at=NaN&datagram=x&changes=%7B',
    '#changes=[null,1,[],{"type":"nat","node":"NAT A","from":99,"nat":"cone"},{"type":"link","node":"x"}]',
    '#changes=[{"type":"nat","node":"client A","from":0,"nat":"cone"},{"type":"ping","node":"relay","to":"NAT A"}]',
    '#changes=[{"type":"link","node":"relay","from":0,"to":{"loss":7,"delayMs":-1,"isUp":"yes"}}]',
    '#seed=99999999999999',
  ])('what cannot be meant is left at its default: %s', (fragment) => {
    expect(fromFragment(fragment, scenarioByName, walkthrough)).toEqual({
      base: walkthrough,
      scenario: 'walkthrough',
      seed: 1,
      changes: [],
      instant: 0,
      selected: undefined,
    });
  });
});

describe('changes are steps of a scenario', () => {
  test('what holds from the beginning is another node, what holds later is a step', () => {
    const { nodes, chapters } = applyChanges(walkthrough, changes);
    expect(nodes.find(({ name }) => name === 'NAT A')).toMatchObject({ nat: 'symmetric' });
    expect(chapters[3]!.steps[0]).toEqual({ do: 'change link', node: 'relay', to: { isUp: false, loss: 0.2 } });
    expect(chapters[4]!.steps[0]).toEqual({ do: 'announce', relay: 'relay', metric: 50 });
    expect(chapters[5]!.steps[0]).toEqual({ do: 'withdraw', relay: 'relay' });
    expect(chapters).toHaveLength(walkthrough.chapters.length + 1);
  });

  test('the changed scenario runs like any other: behind a symmetric NAT client A does not qualify', () => {
    const { chapters } = runSimulated(applyChanges(walkthrough, changes.slice(0, 1)), 1);
    const finding = chapters[1]!.findings.find(({ type }) => type === 'qualification');
    expect(finding).toMatchObject({ state: 'off-line', reason: 'symmetric NAT', isAsExpected: false });
    expect(chapters[3]!.findings).toMatchObject([{ type: 'not possible' }]);
  });

  test('a NAT that is exchanged while it runs forgets its mappings', () => {
    const change: Change = { type: 'nat', from: 5, node: 'NAT A', nat: 'address-restricted' };
    const { recording } = play(applyChanges(walkthrough, [change]), 1);
    const mark = recording.changes.find(({ node }) => node === 'NAT A')!;
    expect(mark.text).toBe('NAT A becomes address-restricted');
    expect(mappingsAt(recording.passages, 'NAT A', mark.at, 120_000)).not.toEqual([]);
    expect(mappingsAt(recording.passages, 'NAT A', mark.at, 120_000, mark.at + 0.001)).toEqual([]);
  });

  test('a node is what it was until it is changed, and then what it was changed to', () => {
    const list: Change[] = [
      { type: 'nat', from: 5, node: 'NAT A', nat: 'cone' },
      { type: 'link', from: 0, node: 'relay', to: { loss: 0.2 } },
      { type: 'link', from: 4, node: 'relay', to: { isUp: false } },
      { type: 'link', from: 6, node: 'relay', to: { isUp: true } },
    ];
    const { recording } = play(applyChanges(walkthrough, list), 1);
    const at = (chapter: number) => recording.chapters[chapter]!.startsAt;
    expect(conditionAt(recording, 'NAT A', at(5) - 0.001)).toEqual({ nat: 'port-restricted' });
    expect(conditionAt(recording, 'NAT A', at(5))).toEqual({ nat: 'cone' });
    const words = (instant: number) => troubleWords(conditionAt(recording, 'relay', instant));
    expect([words(0), words(at(4)), words(at(6))]).toEqual(['loses 20 %', 'link cut', 'loses 20 %']);
  });

  test('a second change of the same thing takes the place of the first; a link gathers', () => {
    const cut: Change = { type: 'link', from: 2, node: 'relay', to: { isUp: false } };
    const lossy: Change = { type: 'link', from: 2, node: 'relay', to: { loss: 0.5 } };
    expect(withChange([cut], lossy)).toEqual([{ ...cut, to: { isUp: false, loss: 0.5 } }]);
    const cone: Change = { type: 'nat', from: 0, node: 'NAT A', nat: 'cone' };
    expect(withChange([changes[0]!, cut], cone)).toEqual([cut, cone]);
    expect(checkChanges(JSON.parse(JSON.stringify(changes)), walkthrough)).toEqual(changes);
  });
});

describe.each(scenarios)('$name in the page', (scenario) => {
  const { recording, pcapng } = play(scenario, 1);

  test('has everything that the terminal tells', () => {
    const { chapters } = runSimulated(scenario, 1);
    expect(recording.passages.length).toBe(chapters.reduce((sum, { flights }) => sum + flights.length, 0));
    expect(recording.outcomes.length).toBe(chapters.reduce((sum, { findings }) => sum + findings.length, 0));
    expect(pcapng().length).toBeGreaterThan(1_000);
  });

  test('is in order of time, and every cause comes before what it caused', () => {
    for (const [index, { at, endsAt, cause }] of recording.passages.entries()) {
      expect(at).toBeGreaterThanOrEqual(recording.passages[index - 1]?.at ?? 0);
      expect(endsAt).toBeGreaterThan(at);
      if (cause !== undefined) expect(cause).toBeLessThan(index);
    }
  });

  test('explains every octet of every datagram with a field', () => {
    for (const passage of recording.passages) {
      const { lines, parts } = explain(passage);
      expect(parts).toHaveLength(passage.bytes.length);
      const told = new Set(lines.flatMap(({ at, length }) => Array.from({ length }, (_, i) => at + i)));
      expect(told.size).toBe(passage.bytes.length);
    }
  });

  test('the ladder grows from nothing to everything, and each height has its line', () => {
    const items = ladderItems(recording);
    expect(shownBy(items, -1)).toBe(0);
    expect(shownBy(items, recording.endsAt)).toBe(items.length);
    for (const [index, { top, height }] of items.entries()) {
      expect(itemAt(items, top)).toBe(index);
      expect(itemAt(items, top + height - 1)).toBe(index);
    }
  });

  test('the picture of the ladder stands by itself', () => {
    const picture = ladderSvg(recording);
    expect(picture).toMatch(/^<svg xmlns/);
    expect(picture).not.toMatch(/<script|href|NaN|undefined/);
    expect(picture.match(/<g>/g)).toHaveLength(recording.passages.length);
  });
});

test('story time goes both ways, and its ends are the ends of virtual time', () => {
  const story = new StoryTime([5, 5, 12.5, 27_000, 3], 30_000);
  expect(story.placeOf(0)).toBe(0);
  expect(story.placeOf(30_000)).toBe(story.length);
  let before = -1;
  for (let instant = 0; instant <= 30_000; instant += 37) {
    const place = story.placeOf(instant);
    expect(place).toBeGreaterThan(before);
    expect(story.instantAt(place)).toBeCloseTo(instant, 6);
    before = place;
  }
});

test('RFC 4380 §5.2.4 case 5: bubbles open the way between two clients, then data goes straight', () => {
  const { recording } = play(walkthrough, 1);
  const chapter = recording.chapters.findIndex(({ title }) => title === 'Client A pings client B');
  const rows = recording.passages.filter((passage) => passage.chapter === chapter);
  const way = (instant: number) =>
    waysAt(recording, instant).find(({ from, to }) => from === 'client A' && to === 'client B')?.state;
  expect(way(rows[0]!.at)).toBeUndefined();
  expect(way(rows[0]!.at + 0.001)).toBe('punching');
  expect(way(rows.at(-1)!.endsAt)).toBe('direct');
});

test('RFC 4380 §5.4: a native host is reached by a relay', () => {
  const { recording } = play(walkthrough, 1);
  const last = recording.passages.findLast(({ chapter }) => chapter === 3)!;
  expect(waysAt(recording, last.endsAt)).toContainEqual({ from: 'client A', to: 'relay', state: 'relayed' });
});
