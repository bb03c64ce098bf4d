import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import type { KernelNat } from '../../src/lab/kernel/kernel-nat.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { startServer } from '../support/ours.ts';

/** What the task allows a diagnosis without --long. */
const SECONDS_MAX = 15;
const SERVER = ['192.0.2.1', '192.0.2.2'] as const;
const NAT_PMP_ROUTER = fileURLToPath(new URL('../support/nat-pmp-router.mjs', import.meta.url));
const OTHER = ['192.0.2.11', '192.0.2.12'] as const;

interface Rule {
  readonly at: string;
  readonly commands: readonly string[];
}

interface Diagnosis {
  readonly status: number | null;
  readonly verdict: {
    readonly code: string;
    readonly text: string;
    readonly next: string;
    readonly rules: readonly Rule[];
  };
  readonly checks: readonly { readonly id: string; readonly value: string; readonly detail: string }[];
  readonly sent: readonly { readonly to: string; readonly what: string }[];
  readonly milliseconds: number;
}

describeWith(laboratory, 'teredo diagnose: the right verdict, and a step that mends it', () => {
  const network = new Network();
  let internet: Internet;
  let server: Namespace;
  let other: Namespace;
  let hosts = 0;

  beforeAll(async () => {
    internet = await Internet.create(network);
    server = await internet.host('server', { ipv4: SERVER, ipv6: ['2001:db8:5::1'], forwards: true });
    other = await internet.host('other', { ipv4: OTHER, ipv6: ['2001:db8:5::2'], forwards: true });
    await Promise.all([startServer(server, SERVER, ['--no-control']), startServer(other, OTHER, ['--no-control'])]);
  });
  afterAll(() => network.close());

  test.concurrent('open: no NAT, nothing to do', async () => {
    const number = ++hosts;
    const host = await internet.host(`open${number}`, { ipv4: [`198.51.100.${number}`] });
    const found = await diagnose(host, [SERVER[0]]);
    expect(found).toMatchObject({ status: 0, verdict: { code: 'TD-DIAGNOSE-WORKS', next: '', rules: [] } });
    expect(values(found)).toMatchObject({
      'server-primary': 'yes',
      'server-secondary': 'yes',
      'nat-mapping': 'none',
      'open-port': 'yes',
      'double-nat': 'no',
      mtu: 'yes',
    });
  });

  test.concurrent('cone: peers behind symmetric NATs included', async () => {
    const { host } = await behind('full cone');
    const found = await diagnose(host, [SERVER[0]]);
    expect(found).toMatchObject({ status: 0, verdict: { code: 'TD-DIAGNOSE-WORKS', rules: [] } });
    expect(found.verdict.text).toBe('Teredo works here, peers behind symmetric NATs included');
    expect(values(found)).toMatchObject({
      'nat-mapping': 'endpoint-independent',
      'nat-filtering': 'endpoint-independent',
      'mapping-lifetime': 'yes',
      'open-port': 'yes',
    });
  });

  test.concurrent('port-restricted, by a user without any right: the port forward opens it', async () => {
    const { host, nat } = await behind('masquerade');
    const found = await diagnose(host, [SERVER[0]], ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']);
    expect(found).toMatchObject({ status: 1, verdict: { code: 'TD-DIAGNOSE-NO-SYMMETRIC-PEERS' } });
    expect(values(found)).toMatchObject({
      'nat-mapping': 'endpoint-independent',
      'nat-filtering': 'address-and-port-dependent',
      'port-allocation': 'preserving',
      'open-port': 'no',
      'double-nat': 'unknown',
    });
    await obey(found, 'the router', nat);
    const mended = await diagnose(host, [SERVER[0], '--port', '3545']);
    expect(mended).toMatchObject({ status: 0, verdict: { code: 'TD-DIAGNOSE-WORKS' } });
  });

  test.concurrent('symmetric: a port forward and a static port make it as good as a cone', async () => {
    const { host, nat } = await behind('masquerade random');
    const found = await diagnose(host, [SERVER[0]]);
    expect(found).toMatchObject({ status: 1, verdict: { code: 'TD-DIAGNOSE-SYMMETRIC' } });
    expect(values(found)).toMatchObject({ 'nat-mapping': 'endpoint-dependent', 'port-allocation': 'random' });
    await obey(found, 'the router', nat);
    const mended = await diagnose(host, [SERVER[0], '--port', '3545']);
    expect(mended).toMatchObject({ status: 0, verdict: { code: 'TD-DIAGNOSE-WORKS' } });
  });

  for (const { what, drop, code } of [
    { what: 'UDP 3544', drop: 'udp dport 3544', code: 'TD-DIAGNOSE-3544-BLOCKED' },
    { what: 'all UDP', drop: 'meta l4proto udp', code: 'TD-DIAGNOSE-UDP-BLOCKED' },
  ]) {
    test.concurrent(`${what} blocked by the router: the rule there lets Teredo through`, async () => {
      const { host, nat } = await behind('masquerade');
      await nat.nft(chain('ip filter', 'forward', 'forward', `${drop} drop`));
      const found = await diagnose(host, [SERVER[0]]);
      expect(found).toMatchObject({ status: 1, verdict: { code } });
      expect(found.verdict.text).toMatch(/^The server cannot be reached by UDP/);
      expect(values(found)).toMatchObject({ 'server-primary': 'unknown', 'nat-mapping': 'unknown', mtu: 'unknown' });
      await obey(found, 'the router', nat);
      expect((await diagnose(host, [SERVER[0]])).verdict.code).toBe('TD-DIAGNOSE-NO-SYMMETRIC-PEERS');
    });
  }

  test.concurrent('a firewall on this host: the kernel says so, and the rule printed for its very chain mends it', async () => {
    const number = ++hosts;
    const host = await internet.host(`walled${number}`, { ipv4: [`198.51.100.${number}`] });
    await host.nft(chain('inet wall', 'out', 'output', 'meta l4proto udp drop'));
    const found = await diagnose(host, [SERVER[0]]);
    expect(found).toMatchObject({ status: 1, verdict: { code: 'TD-DIAGNOSE-LOCAL-FIREWALL' } });
    expect(values(found)).toMatchObject({ 'local-firewall': 'yes' });
    await obey(found, 'this host', host);
    expect((await diagnose(host, [SERVER[0]])).verdict.code).toBe('TD-DIAGNOSE-WORKS');
  });

  describe('a server with one dead address', () => {
    beforeAll(() => {
      return other.nft(chain('inet filter', 'input', 'input', `ip daddr ${OTHER[1]} drop`));
    });

    test('another server that was named is the way out', async () => {
      const { host } = await behind('full cone');
      const found = await diagnose(host, [OTHER[0], SERVER[0]]);
      expect(found).toMatchObject({ status: 1, verdict: { code: 'TD-DIAGNOSE-SERVER-HALF-DEAD' } });
      const better = /"teredo client ([\d.]+)"/.exec(found.verdict.next)![1]!;
      expect((await diagnose(host, [better])).verdict.code).toBe('TD-DIAGNOSE-WORKS');
    });

    test('or the rule at the server', async () => {
      const { host } = await behind('full cone');
      const found = await diagnose(host, [OTHER[0]]);
      expect(found).toMatchObject({ status: 1, verdict: { code: 'TD-DIAGNOSE-SERVER-HALF-DEAD' } });
      expect(values(found)).toMatchObject({ 'server-primary': 'yes', 'server-secondary': 'unknown' });
      await obey(found, 'the server', other);
      expect((await diagnose(host, [OTHER[0]])).verdict.code).toBe('TD-DIAGNOSE-WORKS');
    });
  });

  test.concurrent('double NAT: the router maps ports, to no use; a forward at the outer NAT makes it of use', async () => {
    const number = ++hosts;
    const outer = await internet.nat(`outer${number}`, 'masquerade', [`198.51.100.${number}`]);
    const inner = await outer.nestedNat(`inner${number}`, 'masquerade');
    const host = await inner.host(`host${number}`);
    const router = inner.nat.start([process.execPath, NAT_PMP_ROUTER, inner.gateway, '192.168.1.2'], 'NAT-PMP');
    await router.printed(/ready/);
    const found = await diagnose(host, [SERVER[0]]);
    expect(found).toMatchObject({ status: 1, verdict: { code: 'TD-DIAGNOSE-NO-SYMMETRIC-PEERS' } });
    expect(values(found)).toMatchObject({ 'nat-pmp': 'yes', 'double-nat': 'yes', 'open-port': 'no' });
    await obey(found, 'the outer NAT', outer.nat);
    const mended = await diagnose(host, [SERVER[0], '--port', '3545']);
    expect(mended).toMatchObject({ status: 0, verdict: { code: 'TD-DIAGNOSE-WORKS' } });
    expect(values(mended)).toMatchObject({ 'double-nat': 'yes' });
    // What the router was asked for, it was asked to forget.
    const [mapped, forgot] = ['mapped', 'forgot'].map((word) => router.output.split(`${word} `).length - 1);
    expect(mapped).toBeGreaterThan(2);
    expect(forgot).toBe(mapped);
  });

  test.concurrent('nobody listens at the server, and the network is not blamed', async () => {
    const empty = await internet.host(`empty${++hosts}`, { ipv4: ['192.0.2.21', '192.0.2.22'] });
    const { host } = await behind('masquerade');
    const found = await diagnose(host, ['192.0.2.21']);
    expect(found).toMatchObject({ status: 1, verdict: { code: 'TD-DIAGNOSE-NO-SERVER' } });
    expect(values(found)).toMatchObject({ 'server-primary': 'no' });
    await startServer(empty, ['192.0.2.21', '192.0.2.22'], ['--no-control']);
    expect((await diagnose(host, ['192.0.2.21'])).verdict.code).toBe('TD-DIAGNOSE-NO-SYMMETRIC-PEERS');
  });

  test.concurrent('it sends to nobody but the servers named, the router and itself', async () => {
    const { host, address } = await behind('masquerade');
    const { sent } = await diagnose(host, [SERVER[0]]);
    const whom = new Set(sent.map(({ to }) => to.split(':')[0]));
    expect([...whom].sort()).toEqual([...SERVER, '192.168.1.1', address].sort());
  });

  async function behind(kind: KernelNat) {
    const number = ++hosts;
    const address = `198.51.100.${number}`;
    const host = await internet.hostBehindNat(`host${number}`, address, kind);
    const nat = network.namespaces.find(({ name }) => name === `host${number}-nat`)!;
    return { host, nat, address };
  }
});

/** One chain with one rule, as the text of a ruleset. */
function chain(table: string, name: string, hook: string, rule: string): string {
  return `table ${table} {\nchain ${name} {\ntype filter hook ${hook} priority 0\n${rule}\n}\n}\n`;
}

async function diagnose(host: Namespace, argv: readonly string[], prefix: readonly string[] = []): Promise<Diagnosis> {
  const startedAt = performance.now();
  const ended = await host.runToEnd([...prefix, process.execPath, PROGRAM, 'diagnose', ...argv, '--json']);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (ended.stdout === '') throw new Error(`${ended.ending}\n${ended.stderr}`);
  const diagnosis = { ...(JSON.parse(ended.stdout) as Diagnosis), status: ended.status };
  console.log(`${host.name}: ${diagnosis.verdict.code} after ${seconds.toFixed(1)} s`);
  expect(seconds).toBeLessThan(SECONDS_MAX);
  // What is not known has its reason, and no reason stands beside anything else.
  for (const { value, detail } of diagnosis.checks) if (value === 'unknown') expect(detail).not.toBe('');
  return diagnosis;
}

function values({ checks }: Diagnosis): Record<string, string> {
  return Object.fromEntries(checks.map(({ id, value }) => [id, value]));
}

/** Types in what the diagnosis printed for this place, to the letter. */
async function obey({ verdict }: Diagnosis, at: string, place: Namespace): Promise<void> {
  const commands = verdict.rules.filter((rule) => rule.at.startsWith(at)).flatMap((rule) => rule.commands);
  expect(commands).not.toEqual([]);
  for (const command of commands) await place.run(['sh', '-c', command]);
}
