import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { qualify } from '../scene.ts';
import { makeClient, pollDatagrams, pollEvents } from '../support.ts';

const LIVES = 10_000;

test('reliability: 10,000 qualifications, each with another mapping, leave no timer and no memory behind', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const client = makeClient();
  let now = 0;
  const live = (times: number) => {
    for (let life = 0; life < times; life++) {
      if (life % 2 === 0) client.start(now);
      else client.reset(now);
      qualify(client, now, `198.51.100.${1 + (life % 200)}:${1024 + life}`);
      client.hostMoved(now + 100);
      client.handleTimeout(now + 100);
      pollDatagrams(client);
      pollEvents(client);
      now += 1_000;
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = live(LIVES);
  const grown = live(LIVES) - before;
  process.stderr.write(`${LIVES} qualifications: the heap has grown by ${grown} octets\n`);
  // Not even 32 octets of each are left.
  expect(grown).toBeLessThan(32 * LIVES);
  client.stop(now);
  expect(client.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  expect(client.peers.size).toBe(0);
});
