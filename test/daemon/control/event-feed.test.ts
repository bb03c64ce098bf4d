import { expect, test } from 'vitest';
import { EventFeed, type EventJson } from '../../../src/daemon/control/event-feed.ts';
import type { Report } from '../../../src/daemon/reports.ts';

const feed = () => new EventFeed({ json: (report) => ({ ...report }), text: ({ type }) => [type] });

test('who listens hears what comes, in order, and what is remembered when it asks', async () => {
  const events = feed();
  events.add(report(1));
  events.add(report(2));
  const end = new AbortController();
  const listening = collect(events, 1, end.signal);
  await Promise.resolve();
  events.add(report(3));
  await tick();
  end.abort();
  expect((await listening).map(({ id, seconds }) => [id, seconds])).toEqual([
    [2, 2],
    [3, 3],
  ]);
});

test('a reader who is slow loses the oldest, and is told how many; nobody else waits for it', async () => {
  const events = feed();
  const end = new AbortController();
  const slow = events.listen(Number.MAX_SAFE_INTEGER, end.signal);
  const first = slow.next();
  for (let seconds = 0; seconds < 1_500; seconds++) events.add(report(seconds));
  const heard = (await first).value as EventJson;
  // It listened before the flood; what it missed is the first 500.
  expect([heard.id, heard.lost]).toEqual([501, 500]);
  end.abort();
});

test('what is remembered is bounded', () => {
  const events = feed();
  for (let seconds = 0; seconds < 10_000; seconds++) events.add(report(seconds));
  expect(events.since(0)).toHaveLength(256);
});

function report(seconds: number): Report {
  return { type: 'draining', seconds };
}

async function collect(events: EventFeed, after: number, signal: AbortSignal): Promise<EventJson[]> {
  const heard: EventJson[] = [];
  for await (const event of events.listen(after, signal)) heard.push(event);
  return heard;
}

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
