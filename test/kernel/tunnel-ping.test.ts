import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { ask, type LookedAtClient, LookedAtIsland, NATIVE, RELAY } from '../support/looked-at.ts';

describeWith(laboratory, 'teredo ping', () => {
  let island: LookedAtIsland;
  let one: LookedAtClient;
  let other: LookedAtClient;

  beforeAll(async () => {
    island = await LookedAtIsland.create();
    one = await island.client('one', '198.51.100.1');
    other = await island.client('other', '198.51.100.2');
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => void process.stderr.write(`${await island.network.report()}\n`));
  });
  afterAll(() => island?.network.close());

  test('a native host: through its relay, which is named; the first request is held back for the test', async () => {
    const { status, stdout, stderr } = await ask(one, 'ping', NATIVE, '--count', '2', '--interval', '200', '--json');
    expect([status, stderr]).toEqual([0, '']);
    const [first, second, summary] = lines(stdout);
    expect(first).toMatchObject({ type: 'answer', sequence: 1, path: 'relay', endpoint: `${RELAY}:3545` });
    expect(second).toMatchObject({ type: 'answer', sequence: 2, path: 'relay' });
    expect(first.heldMs).toBeGreaterThan(second.heldMs);
    expect(first.roundTripMs).toBeGreaterThan(first.heldMs);
    expect(summary).toMatchObject({ type: 'summary', source: one.address, sent: 2, answered: 2, path: 'relay' });
  });

  test('another client: direct, at its mapped address, after bubbles both ways', async () => {
    const { status, stdout } = await ask(one, 'ping', other.address, '--until-direct', '--json');
    expect(status).toBe(0);
    const [first, ...rest] = lines(stdout);
    expect(first).toMatchObject({
      type: 'answer',
      path: 'direct',
      endpoint: expect.stringMatching(/^198\.51\.100\.2:\d+$/),
    });
    expect(first.bubbles.indirect).toBeGreaterThan(0);
    expect(first.bubbles.direct).toBeGreaterThan(0);
    expect(rest.map(({ type }) => type)).toEqual(['summary']);
    const text = (await ask(one, 'ping', other.address, '--count', '2', '--interval', '100')).stdout;
    expect(text).toMatch(
      /^Inside the tunnel, from 2001:0:\S+ \(this client\)\n +to 2001:0:\S+\n +1 +[\d.]+ ms {2}direct, 198/,
    );
    expect(text).toMatch(/2 of 2 answered, [\d.]+ \/ [\d.]+ \/ [\d.]+ ms \(least, mean, most\)\nnow direct, 198/);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('nobody there: that is said, with status 1; what is no address is refused', async () => {
    const { status, stdout } = await ask(one, 'ping', '2001:db8:1::dead', '--count', '1');
    expect(stdout).toMatch(/no answer|unreachable/);
    expect(status).toBe(1);
    expect((await ask(one, 'ping', 'nobody')).status).toBe(2);
  });

  test('the kernel hears nothing of the answers: its own counters stand still', async () => {
    const before = await repliesIn();
    await ask(one, 'ping', other.address, '--count', '5', '--interval', '100');
    expect(await repliesIn()).toBe(before);
  });

  test('trace: how the way to a native host and to a client is found, as rows in order and as a ladder of 80 columns', async () => {
    const third = await island.client('third', '198.51.100.3');
    const [native] = lines((await ask(third, 'trace', NATIVE, '--json')).stdout);
    expect(native).toMatchObject({ type: 'trace', path: 'relay', endpoint: `${RELAY}:3545`, error: null });
    expect(conversation(native).slice(0, 4)).toEqual([
      'this client > server: connectivity test',
      'server > this client: indirect bubble',
      'this client > relay: direct bubble',
      'relay > this client: echo reply',
    ]);
    const [again] = lines((await ask(third, 'trace', NATIVE, '--json')).stdout);
    expect(again.rows.map(({ sentence }: { sentence: string }) => sentence).join(' ')).not.toContain('held back');
    const { status, stdout } = await ask(third, 'trace', one.address);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^The way is direct, 198\.51\.100\.1:\d+: found after [\d.]+ m?s\.\nfrom 2001:0:\S+ \(this client\)\n/,
    );
    expect(stdout).toMatch(/this client +server +peer\n/);
    expect(stdout).toMatch(/ping 1[\s\S]*reply 1[\s\S]*ping 2[\s\S]*reply 2/);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const [known] = lines((await ask(third, 'trace', one.address, '--json')).stdout);
    expect(known.verdict).toMatch(/known already/);
    const nobody = await ask(third, 'trace', '2001:db8:1::dead', '--seconds', '2');
    expect([nobody.status, nobody.stdout]).toEqual([1, expect.stringMatching(/^No way was found/)]);
  });

  function conversation({ rows }: { rows: Record<string, string>[] }): string[] {
    return rows.map(({ from, to, kind }) => `${from} > ${to}: ${kind}`);
  }

  async function repliesIn(): Promise<string> {
    const counters = await one.host.run(['cat', '/proc/net/snmp6']);
    return /Icmp6InEchoReplies\s+\d+/.exec(counters)![0];
  }
});

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON
function lines(text: string): any[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
