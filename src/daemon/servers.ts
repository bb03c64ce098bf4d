import { TeredoError } from '../errors.ts';
import type { RoleEvent, ServerAddress } from '../roles/role.ts';
import { isGlobalUnicast } from '../wire/ipv4.ts';
import { formatIpv4, parseIpv4 } from '../wire/text.ts';
import type { ClientConfiguration, ClientServer, DaemonConfiguration } from './configuration/configuration.ts';
import type { ToDataPath } from './messages.ts';
import { type Reporter, warning } from './reports.ts';
import { lookUp } from './resolve.ts';

/** Pause after a lookup that failed; doubles from the first to the last. */
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** A name that has an answer is looked up again when its servers are silent, but not more often than this. */
const AGAIN_MS = 10_000;

/** One server of the list whose address is to be found out. */
interface Name {
  readonly server: ClientServer;
  readonly preference: number;
  addresses: readonly number[];
  delayMs: number;
  askedAt: number;
  isAsking: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** The servers that need no name service, for the start of a client. */
export function knownServers({ servers }: ClientConfiguration): ServerAddress[] {
  return servers.flatMap(({ name, secondary }, preference) => {
    const ipv4 = parseIpv4(name);
    return ipv4 === undefined ? [] : [toAddress(ipv4, secondary, preference)];
  });
}

/**
 * The servers of one client by name: looked up for as long as it takes, since a machine that starts may have no network
 * yet and one that sleeps loses it, and again when they are silent, since a server may have moved.
 *
 * The client is told whenever the list of addresses has changed; no answer of a name service ends it.
 */
class ServerNames {
  readonly #client: ClientConfiguration;
  readonly #names: readonly Name[];
  readonly #report: Reporter;
  readonly #tell: (servers: readonly ServerAddress[]) => void;
  readonly #ended = new AbortController();
  #told = '';

  constructor(client: ClientConfiguration, report: Reporter, tell: (servers: readonly ServerAddress[]) => void) {
    this.#client = client;
    this.#report = report;
    this.#tell = tell;
    this.#names = client.servers.flatMap((server, preference) => {
      if (parseIpv4(server.name) !== undefined) return [];
      const fresh = { addresses: [], delayMs: FIRST_DELAY_MS, askedAt: Number.NEGATIVE_INFINITY, isAsking: false };
      return [{ server, preference, ...fresh, timer: undefined }];
    });
  }

  /** Looks up what has no answer; with `all` the other names too. */
  look(all: boolean): void {
    for (const name of this.#names) {
      const isDue = name.addresses.length === 0 || (all && performance.now() - name.askedAt >= AGAIN_MS);
      if (isDue && !name.isAsking) void this.#ask(name);
    }
  }

  /** Whether it is this client's list. */
  isFor({ servers }: ClientConfiguration): boolean {
    return JSON.stringify(servers) === JSON.stringify(this.#client.servers);
  }

  stop(): void {
    this.#ended.abort();
    for (const { timer } of this.#names) clearTimeout(timer);
  }

  async #ask(name: Name): Promise<void> {
    clearTimeout(name.timer);
    name.isAsking = true;
    name.askedAt = performance.now();
    const found = await lookUp(name.server.name, this.#ended.signal).catch(() => undefined);
    name.isAsking = false;
    if (found === undefined) return; // stopped
    const usable = typeof found === 'string' ? [] : this.#usable(name.server.name, found);
    if (usable.length > 0) {
      name.addresses = usable;
      name.delayMs = FIRST_DELAY_MS;
    } else {
      // What was known stays: a name service that is away says nothing about the server.
      this.#retry(name, typeof found === 'string' ? found : 'no usable address');
    }
    this.#tellIfNew();
  }

  #retry(name: Name, reason: string): void {
    const { delayMs } = name;
    name.delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS);
    name.timer = setTimeout(() => void this.#ask(name), delayMs);
    const what = `cannot find the server ${name.server.name} (${reason}); next attempt in ${delayMs / 1_000} s`;
    const next = 'check the name and the name service, or give the IPv4 address of the server';
    this.#report(warning(new TeredoError('TD-SERVER-NAME', what, next)));
  }

  /** Ledger SEC-01: where a name leads is for others to say, so that only addresses of the Internet are followed. */
  #usable(name: string, found: readonly number[]): number[] {
    const bad = found.filter((ipv4) => !isGlobalUnicast(ipv4));
    if (bad.length > 0) {
      const what = `the name ${name} leads to ${bad.map(formatIpv4).join(', ')}, where no server of the Internet can be`;
      const next = 'check the name; to use a server in a private network give its IPv4 address';
      this.#report(warning(new TeredoError('TD-SERVER-ADDRESS', what, next)));
    }
    const good = found.filter((ipv4) => isGlobalUnicast(ipv4));
    // Where a name tells both addresses of a server, the second one is no server of its own (ledger SRV-02).
    return good.filter((ipv4) => !good.includes((ipv4 - 1) | 0));
  }

  #tellIfNew(): void {
    const named = this.#names.flatMap(({ server, preference, addresses }) =>
      addresses.map((ipv4) => toAddress(ipv4, server.secondary, preference)),
    );
    const servers = [...knownServers(this.#client), ...named].sort((a, b) => a.preference - b.preference);
    const text = JSON.stringify(servers);
    if (text === this.#told) return;
    this.#told = text;
    this.#tell(servers);
  }
}

/** The servers of all clients of one process. */
export class Servers {
  readonly #lists: (ServerNames | undefined)[];
  readonly #report: Reporter;
  readonly #tell: (message: ToDataPath) => void;
  /** By role: the server in use, as far as it has been told. */
  readonly #inUse: (number | undefined)[];

  constructor(configuration: DaemonConfiguration, report: Reporter, tell: (message: ToDataPath) => void) {
    this.#inUse = configuration.map((role) => (role.role === 'client' ? knownServers(role)[0]?.ipv4 : undefined));
    this.#report = report;
    this.#tell = tell;
    this.#lists = configuration.map((role, index) => (role.role === 'client' ? this.#list(role, index) : undefined));
  }

  /** Another list for each client whose list is another one; names of it are still to be looked up. */
  change(configuration: DaemonConfiguration): void {
    for (const [index, role] of configuration.entries()) {
      const old = this.#lists[index];
      if (role.role !== 'client' || old === undefined || old.isFor(role)) continue;
      old.stop();
      const list = this.#list(role, index);
      this.#lists[index] = list;
      const servers = knownServers(role);
      // Until a name has an address, the servers that were known serve on.
      if (servers.length > 0) this.#tell({ type: 'servers', role: index, servers });
      list.look(false);
    }
  }

  /** The data path listens. */
  start(): void {
    for (const list of this.#lists) list?.look(false);
  }

  /** Networks come and go: a name that could not be found may be there now. */
  hostChanged(): void {
    this.start();
  }

  handle(index: number, event: RoleEvent): void {
    if (event.type === 'server' || (event.type === 'starting' && event.phase === 'primary'))
      this.#inUse[index] = event.server.ipv4;
    else if (event.type === 'off-line' && event.reason !== 'stopped') this.#lists[index]?.look(true);
  }

  /** The primary address of the server that a client uses; undefined: none is known. */
  inUse(index: number): string | undefined {
    const ipv4 = this.#inUse[index];
    return ipv4 === undefined ? undefined : formatIpv4(ipv4);
  }

  #list(client: ClientConfiguration, index: number): ServerNames {
    return new ServerNames(client, this.#report, (servers) => {
      this.#inUse[index] ??= servers[0]?.ipv4;
      this.#tell({ type: 'servers', role: index, servers });
    });
  }

  stop(): void {
    for (const list of this.#lists) list?.stop();
  }
}

function toAddress(ipv4: number, secondary: number | undefined, preference: number): ServerAddress {
  return { ipv4, ipv4Secondary: secondary ?? (ipv4 + 1) | 0, preference };
}
