/**
 * RFC 4380 §5.4: relays announce 2001::/32 to the IPv6 Internet. Here two of them do, each by a BIRD of its own with
 * the configuration of examples/, to a router with BIRD: whichever is well, and nearest, carries the traffic.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { succeeds } from '../../src/lab/kernel/commands.ts';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { askBird, startBird } from '../support/bird.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { ours, reports, startServer } from '../support/ours.ts';
import { SteadyPing } from '../support/steady-ping.ts';

const SERVER = ['192.0.2.1', '192.0.2.2'] as const;
/** What an outage may last at most. It is printed, too. */
const RECOVERY_MS = 15_000;

/** A host with a relay and a BIRD. */
interface Site {
  readonly host: Namespace;
  /** Of the control socket. */
  readonly socket: string;
  readonly config: string;
  relay: Process;
}

describeWith(['bird', 'radvd'], 'The configurations of examples/announcing', () => {
  test('are such as their programs take', () => {
    expect(succeeds(['bird', '-p', '-c', example('bird.conf')])).toBe(true);
    expect(succeeds(['radvd', '--configtest', '-C', example('radvd.conf')])).toBe(true);
  });
});

describeWith([...laboratory, 'bird'], 'RFC 4380 §5.4: two relays announce 2001::/32 by BIRD', () => {
  const network = new Network();
  let router: Namespace;
  let near: Site;
  let far: Site;
  let probe: Process;
  let ping: SteadyPing;
  let clientAddress: string;

  beforeAll(async () => {
    const internet = await Internet.create(network);
    const server = await internet.host('server', { ipv4: SERVER, ipv6: ['2001:db8:5::1'], forwards: true });
    await startServer(server, SERVER, ['--no-control']);
    router = await internet.host('router', {
      ipv6: ['2001:db8:1::1'],
      announces: ['2001:db8:1::/48'],
      forwards: true,
    });
    const native = await internet.hostBehind('native', router, '2001:db8:1::80');
    const behindNat = (name: string, ipv4: string) => internet.hostBehindNat(name, ipv4, 'masquerade');
    const clients = [await behindNat('client', '198.51.100.1'), await behindNat('probe', '198.51.100.2')] as const;
    const [client, probed] = await Promise.all(clients.map((host) => ours.client(host, SERVER)));
    probe = probed!.process;
    near = await site(internet, 'near', 11, probed!.address);
    far = await site(internet, 'far', 12, probed!.address);
    startBird(router, routerConfiguration());
    await Promise.all([near, far].map(({ relay }) => announced(relay)));
    await until('the router to choose', async () => /^2001::\/32 .*E1/m.test(await askBird(router, 'show route')));
    clientAddress = client!.address;
    ping = new SteadyPing(native, clientAddress);
    await ping.process.printed(/icmp_seq=20 /);
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => {
      process.stderr.write(`${await network.report()}\n`);
      process.stderr.write(`${await askBird(router, 'show route all')}\n`);
    });
  });
  afterAll(() => network.close());

  async function site(internet: Internet, name: string, number: number, probed: string): Promise<Site> {
    const host = await internet.host(`relay-${name}`, {
      ipv4: [`203.0.113.${number}`],
      ipv6: [`2001:db8:${number}::1`],
      forwards: true,
    });
    await network.cable(host, 'igp', router, name);
    await host.ip(`address add fe80::${number}/64 dev igp nodad`);
    await router.ip(`address add fe80::1/64 dev ${name} nodad`);
    startBird(
      host,
      readFileSync(example('bird.conf'), 'utf8').replace(/router id .*;/, `router id 203.0.113.${number};`),
    );
    const config = join(network.directory, `${name}.toml`);
    // Shorter than anybody would have it, for the sake of a short test.
    writeFileSync(
      config,
      `[relay]
ipv4 = "203.0.113.${number}"
announce = true
announce_interval = 1
announce_rise = 2
announce_fall = 2
announce_hold = 3
announce_probes = ["${probed}"]
`,
      { mode: 0o600 },
    );
    const socket = join(network.directory, `${name}.sock`);
    const made: Omit<Site, 'relay'> = { host, socket, config };
    return { ...made, relay: start(made) };
  }

  function start({ host, socket, config }: Omit<Site, 'relay'>): Process {
    return startTeredo(host, ['relay', '--config', config, '--control-socket', socket, '--json']);
  }

  function ask({ host, socket }: Site, ...argv: readonly string[]) {
    return host.runToEnd([process.execPath, PROGRAM, ...argv, '--socket', socket]);
  }

  /** The interface by which the router sends what is for Teredo clients. */
  async function chosen(): Promise<string | undefined> {
    const [route] = await router.ask<{ dev: string }[]>('-6', 'route', 'show', '2001::/32');
    return route?.dev;
  }

  /** Waits until traffic goes by that relay and is answered; gives what was lost since `from`. */
  async function moved(what: string, to: 'near' | 'far', from: number): Promise<{ seconds: number; packets: number }> {
    await until(`traffic to move to the ${to} relay`, async () => (await chosen()) === to, RECOVERY_MS);
    const moment = ping.last;
    await until('answers again', () => ping.last > moment + 20, RECOVERY_MS);
    const lost = ping.lost(from, ping.last - 10);
    process.stdout.write(`${what}: ${lost.seconds.toFixed(1)} s lost (${lost.packets} echoes)\n`);
    return lost;
  }

  test('the nearest one carries the traffic', async () => {
    expect(await chosen()).toBe('near');
    expect(ping.lost(1, ping.last - 5).packets).toBe(0);
    const { stdout, status } = await ask(near, 'status');
    expect(stdout).toContain('announced for');
    expect(stdout.replace(/\s+/g, ' ')).toContain('native route, echo');
    expect(status).toBe(0);
  });

  test('killed by SIGKILL: its route goes with its interface, and the other asks the client anew', async () => {
    const from = ping.last;
    expect(trustedBy(far.relay)).not.toContain(clientAddress);
    process.kill(near.relay.pid, 'SIGKILL');
    const { seconds } = await moved('relay killed', 'far', from);
    expect(seconds * 1_000).toBeLessThan(RECOVERY_MS);
    expect(trustedBy(far.relay)).toContain(clientAddress);
  });

  test('started again: it announces once its tests pass, and traffic comes back', async () => {
    const from = ping.last;
    near.relay = start(near);
    await announced(near.relay);
    const { seconds } = await moved('relay back', 'near', from);
    expect(seconds).toBeLessThan(1);
  });

  test('drained: it withdraws, serves on, and ends by itself; nothing or nearly nothing is lost', async () => {
    const from = ping.last;
    const { status, stderr } = await ask(near, 'drain', '--for', '8');
    expect([status, stderr]).toEqual([0, '']);
    const whileDraining = JSON.parse((await ask(near, 'status', '--json')).stdout);
    expect(whileDraining.roles[0]).toMatchObject({ state: 'draining', announcement: { state: 'draining' } });
    const { seconds } = await moved('relay drained', 'far', from);
    expect(seconds).toBeLessThan(1);
    await until('its end', () => !near.relay.running, 20_000);
    expect(near.relay.ending).toBe('exit status 0');
    near.relay = start(near);
    await announced(near.relay);
    await moved('relay back', 'near', from);
  });

  test('no way to the native Internet: withdrawn after `fall` tests, with the reason; back after `hold`', async () => {
    const from = ping.last;
    await near.host.ip('route delete ::/0 dev wan');
    const [withdrawn] = await until('a withdrawal', () => withdrawals(near.relay, /no route to the native/));
    expect(withdrawn).toMatchObject({ role: 'relay', state: 'withdrawn' });
    await moved('native route lost', 'far', from);
    const status = await ask(near, 'status');
    expect(status.stdout.replace(/\s+/g, ' ')).toContain(
      'Relay online, but it announces nothing: this host has no route to the native IPv6 Internet.',
    );
    expect(status.status).toBe(1);
    const again = ping.last;
    await near.host.ip('route add ::/0 via fe80::1 dev wan');
    await moved('native route back', 'near', again);
  });

  test('no client answers the echo: withdrawn, though all else is well; what still comes is carried', async () => {
    await probe.stop();
    await until('a withdrawal', () =>
      withdrawals(near.relay, /^echo of 2001:0:.* through the tunnel: none came within 3 s$/),
    );
    expect(await near.host.run(['ip', '-6', 'route', 'show', '2001::/32', 'protocol', '35'])).toBe('');
    // The halves stay.
    const halves = await near.host.run(['ip', '-6', 'route', 'show', 'dev', 'teredo', 'protocol', '35']);
    expect(halves.match(/\/33/g)).toHaveLength(2);
  });
});

function announced(relay: Process): Promise<unknown> {
  const isSo = () => reports(relay, 'announcement').some(({ state }) => state === 'announced');
  return until(`2001::/32 of ${relay.title}`, isSo, RECOVERY_MS);
}

/** Clients that have answered a bubble of this relay. */
function trustedBy(relay: Process): unknown[] {
  return reports(relay, 'peer-trusted').map(({ peer }) => peer);
}

function withdrawals(relay: Process, reason: RegExp): Record<string, unknown>[] | undefined {
  const told = reports(relay, 'announcement').filter(
    (each) => each.state === 'withdrawn' && reason.test(String(each.reason)),
  );
  return told.length > 0 ? told : undefined;
}

function example(name: string): string {
  return join(import.meta.dirname, '../../examples/announcing', name);
}

/** The near relay costs less. */
function routerConfiguration(): string {
  return `
log stderr all;
router id 203.0.113.254;
protocol device { }
protocol kernel { ipv6 { import none; export where net = 2001::/32; }; }
protocol ospf v3 inside {
  ipv6 { import all; export none; };
  area 0 {
    interface "near" { type ptp; cost 10; hello 1; dead 4; };
    interface "far" { type ptp; cost 20; hello 1; dead 4; };
  };
}
`;
}
