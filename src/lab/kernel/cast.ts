import { formatIpv6, parseIpv6 } from '../../wire/text.ts';
import { externalOf } from '../build.ts';
import type { LinkChange, NodeSpec, Scenario } from '../scenario.ts';
import { Internet } from './internet.ts';
import type { Lan } from './lan.ts';
import { linkRules } from './link-rules.ts';
import type { Namespace, Network } from './namespaces.ts';
import type { Process } from './process.ts';
import { startTeredo } from './teredo.ts';

/** A client of a scenario. */
export type ClientSpec = NodeSpec & { type: 'client' };

/** What Teredo relays announce. */
const TEREDO = '2001::/32';

/** The nodes of a scenario as namespaces, by name; servers and relays are running, clients are not yet. */
export class KernelCast {
  readonly internet: Internet;
  readonly hosts = new Map<string, Namespace>();
  readonly nats = new Map<string, Lan>();
  readonly clients = new Map<string, ClientSpec>();
  /** Our daemons by the name of their host. */
  readonly daemons = new Map<string, Process>();
  /** IPv6 addresses in text; a client's comes with its qualification. */
  readonly addresses = new Map<string, string>();
  /** What the kernel laboratory does without, as sentences. */
  readonly leftOut: string[] = [];
  readonly #specs: ReadonlyMap<string, NodeSpec>;
  readonly #links = new Map<string, LinkChange>();
  #servers = 0;

  private constructor(internet: Internet, scenario: Scenario) {
    this.internet = internet;
    this.#specs = new Map(scenario.nodes.map((spec) => [spec.name, spec]));
  }

  /** Errors: throws when the system refuses something; whoever owns the network closes it then. */
  static async build(network: Network, scenario: Scenario): Promise<KernelCast> {
    const cast = new KernelCast(await Internet.create(network), scenario);
    for (const spec of scenario.nodes) if (!('behind' in spec) || spec.behind === undefined) await cast.#add(spec);
    for (const spec of scenario.nodes) if ('behind' in spec && spec.behind !== undefined) await cast.#add(spec);
    if (scenario.nodes.some(({ link }) => link !== undefined)) {
      cast.leftOut.push('Links lose and delay nothing here: they are as fast as the kernel.');
    }
    return cast;
  }

  /** Starts the daemon of a client, with as much of RFC 4380 and no more as in the simulator. */
  startClient(name: string): Process {
    const spec = this.#find(this.clients, name);
    const server = this.#specs.get(spec.server);
    if (server?.type !== 'server') throw new Error(`the scenario has no server ${spec.server}`);
    const [primary, secondary] = server.ipv4;
    return this.#start(name, [
      ...['client', primary, '--server2', secondary, '--no-local-discovery', '--no-port-mapping'],
      ...(spec.extensions === true ? [] : ['--without', 'all']),
      ...(spec.identifiesNat === true ? [] : ['--no-nat-identification']),
      ...(spec.servicePort === undefined ? [] : ['--port', String(spec.servicePort)]),
    ]);
  }

  /** The relay's route to Teredo clients ends; the relay itself goes on. */
  async withdraw(name: string): Promise<void> {
    const spec = this.#specs.get(name);
    if (spec?.type !== 'relay') throw new Error(`the scenario has no relay ${name}`);
    await this.internet.router.ip(`route delete ${TEREDO}${metric(spec)}`);
  }

  /** Cuts or mends the link of a host, or makes it lose packets. False: that is not to be had here. */
  async changeLink(name: string, change: LinkChange): Promise<boolean> {
    const host = this.hosts.get(name);
    const { isUp, loss, ...rest } = change;
    if (host === undefined || Object.keys(rest).length > 0) return false;
    const now = { ...this.#links.get(name), ...change };
    this.#links.set(name, now);
    await host.nft(linkRules(now));
    return true;
  }

  host(name: string): Namespace {
    return this.#find(this.hosts, name);
  }

  /** The kind of the NAT in front of a client, or "none". */
  natOf(client: string): string {
    const behind = this.#find(this.clients, client).behind;
    const nat = behind === undefined ? undefined : this.#specs.get(behind);
    return nat?.type === 'NAT' ? nat.nat : 'none';
  }

  async #add(spec: NodeSpec): Promise<void> {
    const name = hostName(spec.name);
    switch (spec.type) {
      case 'name server':
        this.leftOut.push(`${spec.name}: there is no DNS in the namespaces.`);
        return;
      case 'server': {
        const ipv6 = `2001:db8:53::${++this.#servers}`;
        this.hosts.set(spec.name, await this.internet.host(name, { ipv4: spec.ipv4, ipv6: [ipv6], forwards: true }));
        const [primary, secondary] = spec.ipv4;
        return this.#ready(this.#start(spec.name, ['server', '--address', primary, '--address2', secondary]));
      }
      case 'relay': {
        const { ipv4, ipv6 } = spec;
        const announces = [`${TEREDO}${metric(spec)}`];
        const options = { ipv4: [ipv4], ipv6: [ipv6], announces, forwards: true };
        return this.#addDualStack(spec.name, ipv6, await this.internet.host(name, options), 'relay');
      }
      case 'dual-stack host': {
        const host = await this.internet.host(name, { ipv4: [spec.ipv4], ipv6: [spec.ipv6] });
        return this.#addDualStack(spec.name, spec.ipv6, host, 'host-relay');
      }
      case 'IPv6-only host':
        this.hosts.set(spec.name, await this.internet.host(name, { ipv6: [spec.ipv6] }));
        this.addresses.set(spec.name, canonical(spec.ipv6));
        if (spec.nearestRelay !== undefined) this.leftOut.push(`${spec.name} uses the relay with the best metric.`);
        return;
      case 'IPv4 host':
        this.hosts.set(spec.name, await this.internet.host(name, { ipv4: [spec.ipv4] }));
        return;
      case 'NAT': {
        if (spec.nat.startsWith('UPnP')) this.leftOut.push(`${spec.name} maps no ports on request here.`);
        const kind = { kind: spec.nat, ...(spec.options === undefined ? {} : { options: spec.options }) };
        const lan =
          spec.behind === undefined
            ? await this.internet.nat(name, kind, externalOf(spec))
            : await this.#find(this.nats, spec.behind).nestedNat(name, kind);
        this.nats.set(spec.name, lan);
        return;
      }
      case 'client': {
        const { behind, ipv4 } = spec;
        const host =
          behind === undefined
            ? await this.internet.host(name, { ipv4: ipv4 === undefined ? [] : [ipv4] })
            : await this.#find(this.nats, behind).host(name);
        this.hosts.set(spec.name, host);
        this.clients.set(spec.name, spec);
      }
    }
  }

  #addDualStack(name: string, ipv6: string, host: Namespace, command: 'relay' | 'host-relay'): Promise<void> {
    this.hosts.set(name, host);
    this.addresses.set(name, canonical(ipv6));
    return this.#ready(this.#start(name, [command]));
  }

  #start(name: string, argv: readonly string[]): Process {
    const process = startTeredo(this.host(name), [...argv, '--json', '--no-control']);
    this.daemons.set(name, process);
    return process;
  }

  async #ready(process: Process): Promise<void> {
    await process.printed(/"type":"ready"/);
  }

  #find<T>(nodes: ReadonlyMap<string, T>, name: string): T {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`the scenario has no such node: ${name}`);
    return node;
  }
}

/** The reports of a type that a daemon has printed so far, in order. */
export function reportsOf(process: Process, type: string): Record<string, unknown>[] {
  const lines = process.stdout.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((report) => report.type === type);
}

function metric(spec: NodeSpec & { type: 'relay' }): string {
  return spec.metric === undefined ? '' : ` metric ${spec.metric}`;
}

/** "client A" as a name for a namespace. */
function hostName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]+/g, '-');
}

function canonical(address: string): string {
  const octets = parseIpv6(address);
  if (octets === undefined) throw new Error(`not an IPv6 address: ${address}`);
  return formatIpv6(octets);
}
