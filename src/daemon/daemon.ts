import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { asTeredoError, TeredoError } from '../errors.ts';
import { localAddressTo } from '../io/linux/host.ts';
import { TunInterface, type WantedInterface } from '../io/linux/interface.ts';
import { stateFolder } from '../io/mapping/state-file.ts';
import type { Endpoint, RoleEvent } from '../roles/role.ts';
import { formatIpv4, formatIpv6, parseIpv4 } from '../wire/text.ts';
import { type Announcement, announcementOf } from './announcement/announcement.ts';
import { ClientMemory } from './client-memory.ts';
import type { DaemonConfiguration, RoleConfiguration } from './configuration/configuration.ts';
import { socketFolder } from './control/socket-path.ts';
import { RoleCounters } from './counters.ts';
import { forwardingTrouble } from './forwarding.ts';
import { type HookOptions, Hooks } from './hooks/hooks.ts';
import { viewHost } from './host-view.ts';
import { ManagedNetwork, watchedDomain } from './managed-network.ts';
import { Mending } from './mending.ts';
import type { DataPathInput, FromDataPath, ToDataPath } from './messages.ts';
import { PortMappings } from './port-mappings.ts';
import { type PrivilegeOptions, Privileges } from './privileges.ts';
import { Questions } from './questions.ts';
import { type Reporter, warning } from './reports.ts';
import { CLIENT_ROUTE } from './routes.ts';
import { Servers } from './servers.ts';
import { RELAY_MTU, standing } from './standing.ts';
import type { RunningRoles } from './start.ts';
import { noRoute, ownServer } from './way-to-server.ts';

/** A count of one, as an eventfd wants it. */
const WAKE = new Uint8Array(new BigUint64Array([1n]).buffer);
/** Addresses change in bursts: the host is looked at once the burst is over. */
const SETTLE_MS = 200;

/** Ledger CLI-33: what Windows and Miredo give every client, so that tools know a Teredo interface by it. */
const LINK_LOCAL = 'fe80::ffff:ffff:ffff/64';
const DOWN: WantedInterface = { up: false, mtu: RELAY_MTU, addresses: [], routes: [] };

/** What one process has beside its roles. */
export interface ProcessOptions {
  readonly hooks?: HookOptions;
  /** Rights are given up once ports are open; left out, the process keeps what it has. */
  readonly privileges?: PrivilegeOptions;
  /** Clients keep their port and the flags of their address over a restart; in the system's place unless said. */
  readonly state?: { readonly directory?: string };
}

/**
 * The process around roles: a data-path thread, the interfaces it serves, and reports of what happens.
 *
 * Whatever ends the process short of SIGKILL, nothing of ours is left on the host; after SIGKILL the kernel takes
 * the interfaces away with the descriptors, and routes and addresses with the interfaces.
 */
export class Daemon implements RunningRoles {
  /** Settles when the data path has ended: resolves after `stop`, otherwise rejects with a TeredoError. */
  readonly ended: Promise<void>;
  readonly counters: readonly RoleCounters[];
  /** What can be asked of the data path while it runs. */
  readonly questions = new Questions((id, question) => this.#tell({ type: 'question', id, question }));

  readonly #configuration: DaemonConfiguration;
  readonly #report: Reporter;
  readonly #memory: SharedArrayBuffer;
  readonly #interfaces: (TunInterface | undefined)[];
  readonly #mendings: readonly Mending[];
  readonly #worker: Worker;
  readonly #control: MessagePort;
  readonly #portMappings: PortMappings;
  readonly #hooks: Hooks;
  readonly #servers: Servers;
  /** By role; undefined: it runs in any network. */
  readonly #networks: readonly (ManagedNetwork | undefined)[];
  readonly #privileges: Privileges | undefined;
  readonly #announcement: Announcement | undefined;
  readonly #onExit = () => this.#endNow();
  #localPorts: readonly number[] = [];
  #wake = -1;
  #settling: NodeJS.Timeout | undefined;
  #running = true;
  #isRouteTold = false;
  #onRightsLimited = () => {};
  #stopping = false;
  #failure: TeredoError | undefined;

  /** Starts at once; `report` hears of it. */
  constructor(configuration: DaemonConfiguration, report: Reporter, options: ProcessOptions = {}) {
    this.#configuration = configuration;
    this.#hooks = new Hooks(options.hooks ?? {}, report);
    const folder = options.state?.directory ?? stateFolder();
    const memory = options.state && new ClientMemory(folder, configuration, report);
    this.#report = (what) => {
      report(what);
      memory?.hear(what);
      this.#hooks.hear(what);
    };
    this.#privileges =
      options.privileges &&
      new Privileges(options.privileges, configuration, report, {
        state: folder,
        sockets: socketFolder(),
      });
    this.#memory = RoleCounters.memory(configuration.length);
    this.counters = configuration.map((_, index) => new RoleCounters(this.#memory, index));
    this.#interfaces = configuration.map(({ interfaceName }) =>
      interfaceName === undefined ? undefined : new TunInterface(interfaceName),
    );
    this.#portMappings = new PortMappings(
      configuration,
      report,
      (message) => this.#tell(message),
      (index) => this.#servers.inUse(index),
      folder,
    );
    this.#networks = configuration.map((role, index) => this.#networkOf(role, index));
    this.#servers = new Servers(configuration, report, (message) => this.#tell(message));
    this.#announcement = announcementOf(configuration, this.#interfaces, this.questions, (what) => this.#report(what));
    this.#mendings = this.#interfaces.flatMap((device) =>
      device === undefined ? [] : [new Mending(device, (trouble) => this.#warn(trouble))],
    );
    const { port1, port2 } = new MessageChannel();
    const changesUser = this.#privileges?.changesUser ?? false;
    const waits = this.#networks.map((network) => network !== undefined);
    const input: DataPathInput = {
      configuration,
      waits,
      host: this.#viewHost(),
      counters: this.#memory,
      changesUser,
      remembered: memory?.remembered ?? [],
    };
    this.#control = port1;
    this.#worker = new Worker(threadUrl(), { workerData: { input, control: port2 }, transferList: [port2] });
    this.ended = this.#watch();
    process.once('exit', this.#onExit);
  }

  /** Begins nothing new; but a relay that announces withdraws, and serves whoever still comes. Errors: TeredoError. */
  async drain(): Promise<void> {
    if (this.#announcement !== undefined) await this.#announcement.drain();
    else await this.questions.ask({ type: 'drain' });
  }

  /** Ends everything in order; resolves when nothing is left of it. */
  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      // Hooks find the interface still there.
      await this.#hooks.end();
      this.#tell({ type: 'stop' });
    }
    await this.ended;
  }

  /** The same roles with other values, of which those take effect that can while they run. */
  reconfigure(configuration: DaemonConfiguration, options: ProcessOptions): void {
    this.#hooks.change(options.hooks ?? {});
    this.#servers.change(configuration);
    this.#tell({ type: 'configuration', configuration });
  }

  async #watch(): Promise<void> {
    // One after the other: reports come in the order of what they tell, though some wait for the system.
    let heard = Promise.resolve();
    this.#control.on('message', (message: FromDataPath) => {
      // Who asks does not wait for what the system is still about.
      if (message.type === 'answer') return this.questions.answered(message.id, message.answer);
      if (message.type === 'rights-limited') this.#onRightsLimited();
      heard = heard.then(() => this.#hear(message)).catch((error: unknown) => this.#fail(error));
    });
    this.#worker.on('error', (error) => this.#failThread(asTeredoError(error)));
    // The port closes after the last message; the thread has ended when its descriptors are closed.
    await Promise.all([once(this.#control, 'close'), new Promise((resolve) => this.#worker.once('exit', resolve))]);
    this.#onRightsLimited();
    // What was begun with an interface ends before it is cleared.
    await heard;
    this.#tidy();
    await Promise.all([this.#hooks.end(), this.#portMappings.stop()]);
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#stopping) throw new TeredoError('TD-DATA-PATH', 'the data path ended unasked', 'please report it');
    this.#report({ type: 'stopped', roles: this.#configuration, counters: this.counters });
  }

  async #hear(message: FromDataPath): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#wake = message.wake;
        this.#localPorts = message.localPorts;
        this.questions.open();
        if (this.#stopping) this.#tell({ type: 'stop' });
        // What was said before it could hear.
        writeSync(this.#wake, WAKE);
        await this.#giveUpRights();
        await this.#setUp(message);
        break;
      case 'rights-limited':
        break; // told to who waits for it
      case 'failed':
        this.#failThread(new TeredoError(message.code, message.message, message.next));
        break;
      case 'event':
        await this.#handleEvent(message.role, message.event, message.now);
        break;
      case 'warning':
        this.#report(message);
        break;
      case 'addresses-changed':
        this.#settling ??= setTimeout(() => {
          this.#settling = undefined;
          this.#tell({ type: 'host', host: this.#viewHost() });
          this.#portMappings.hostChanged();
          this.#servers.hostChanged();
          for (const network of this.#networks) network?.look();
          void this.#mend();
        }, SETTLE_MS);
        break;
      case 'answer':
      case 'stopped':
        break;
    }
  }

  /** Ports are open, and nothing else has begun. */
  async #giveUpRights(): Promise<void> {
    const privileges = this.#privileges;
    if (this.#stopping || privileges?.isDropping !== true) return;
    privileges.drop();
    const limited = new Promise<void>((resolve) => {
      this.#onRightsLimited = resolve;
    });
    this.#tell({ type: 'limit-rights', rights: privileges.rights });
    await limited;
    if (!this.#stopping) privileges.verify();
  }

  /** Brings up what needs no qualification, and says that the roles are ready. */
  async #setUp({ localPorts, offloads, checksums }: Extract<FromDataPath, { type: 'ready' }>): Promise<void> {
    // The data path holds the descriptors now; once it is told to stop they may be anybody's again.
    if (this.#stopping) return;
    for (const device of this.#interfaces) await device?.prepare();
    for (const [index, role] of this.#configuration.entries()) {
      if (role.role !== 'client') await this.#interfaces[index]?.want(standing(role));
      const ports = { localPort: localPorts[index]!, offloads: offloads[index]!, checksums };
      if (!this.#stopping) this.#report({ type: 'ready', role, ...ports });
      this.#adviseOnForwarding(role);
    }
    if (this.#stopping) return;
    this.#servers.start();
    for (const network of this.#networks) network?.look();
    this.#announcement?.begin();
  }

  async #handleEvent(index: number, event: RoleEvent, now: number): Promise<void> {
    const role = this.#configuration[index]!;
    const device = this.#interfaces[index];
    if (this.#stopping) return;
    this.#servers.handle(index, event);
    if (event.type === 'qualified') {
      await device?.want({
        up: true,
        mtu: event.mtu,
        addresses: [onTunnel(event.address), LINK_LOCAL],
        deprecated: event.provisional === undefined ? [] : [onTunnel(event.provisional)],
        routes: [CLIENT_ROUTE],
      });
      this.#report({ type: 'qualified', role, event, local: await this.#localEndpoint(index, event.server) });
    } else if (event.type === 'off-line') {
      await device?.want(DOWN);
      this.#report({ type: 'off-line', role, event, retryInMs: event.retryAt - now });
    } else if (event.type === 'dormant') {
      const addresses = [onTunnel(event.provisional), LINK_LOCAL];
      await device?.want({ up: true, mtu: RELAY_MTU, addresses, routes: [CLIENT_ROUTE] });
      this.#report({ type: 'event', role, event });
    } else if (event.type === 'port-mapping') {
      this.#portMappings.handle(index, event);
    } else {
      this.#report({ type: 'event', role, event });
      if (event.type === 'starting') await this.#adviseOnRoute(formatIpv4(event.server.ipv4));
    }
  }

  async #mend(): Promise<void> {
    await this.#hooks.settled();
    if (this.#stopping) return;
    for (const mending of this.#mendings) {
      mending.look(performance.now()).catch((error: unknown) => this.#warn(asTeredoError(error)));
    }
  }

  #networkOf(role: RoleConfiguration, index: number): ManagedNetwork | undefined {
    const domain = role.role === 'client' ? watchedDomain(role) : undefined;
    if (domain === undefined) return undefined;
    return new ManagedNetwork(domain, (isAllowed, controller) => {
      this.#tell({ type: 'allow', role: index, reason: isAllowed ? undefined : 'client is in a managed network' });
      if (controller !== undefined) this.#report({ type: 'managed-network', role, domain, controller });
    });
  }

  /** Said once: a host that wakes up before its network would say it every few seconds. */
  async #adviseOnRoute(server: string): Promise<void> {
    if (this.#isRouteTold) return;
    const local = await localAddressTo(server);
    if (local !== undefined && local !== server) return;
    this.#isRouteTold = true;
    this.#warn(local === undefined ? noRoute(server) : ownServer(server));
  }

  async #localEndpoint(index: number, server: Endpoint): Promise<Endpoint | undefined> {
    const address = await localAddressTo(formatIpv4(server.ipv4));
    const ipv4 = address === undefined ? undefined : parseIpv4(address);
    return ipv4 === undefined ? undefined : { ipv4, port: this.#localPorts[index]! };
  }

  #adviseOnForwarding(role: RoleConfiguration): void {
    const trouble = forwardingTrouble(role);
    if (trouble !== undefined) this.#warn(trouble);
  }

  #warn(trouble: TeredoError): void {
    // While we stop, interfaces vanish under the hands of whoever still works on them.
    if (!this.#stopping) this.#report(warning(trouble));
  }

  #viewHost() {
    return viewHost(this.#configuration.flatMap(({ interfaceName }) => interfaceName ?? []));
  }

  /** Something that this thread does for the data path failed: there is no use in going on. */
  #fail(error: unknown): void {
    // While we stop, interfaces vanish under the hands of whoever still works on them.
    if (this.#stopping) return;
    this.#stopping = true;
    this.#failure = asTeredoError(error);
    this.#tell({ type: 'stop' });
  }

  /** The data path failed; whatever failed here because its interfaces went away is not the reason. */
  #failThread(error: TeredoError): void {
    if (this.#stopping && this.#failure === undefined) return;
    this.#stopping = true;
    this.#failure = error;
  }

  #tell(message: ToDataPath): void {
    if (!this.#running) return;
    this.#control.postMessage(message);
    if (this.#wake >= 0) writeSync(this.#wake, WAKE);
  }

  /** After the data path has ended. */
  #tidy(): void {
    this.#running = false;
    this.questions.close();
    this.#servers.stop();
    for (const network of this.#networks) network?.stop();
    this.#announcement?.stop();
    clearTimeout(this.#settling);
    for (const mending of this.#mendings) mending.stop();
    process.removeListener('exit', this.#onExit);
    if (this.#wake >= 0) closeSync(this.#wake);
    for (const device of this.#interfaces) device?.clear();
  }

  /** The process ends without having stopped us: a thread that sleeps in the kernel would keep it from ending. */
  #endNow(): void {
    for (const device of this.#interfaces) device?.clear();
    this.#tell({ type: 'stop' });
  }
}

/** With the length of the Teredo prefix: other clients are reached through the interface too. */
function onTunnel(address: Uint8Array): string {
  return `${formatIpv6(address)}/32`;
}

/** Beside this file, compiled or not. */
function threadUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './data-path-thread.ts' : './data-path-thread.js', import.meta.url);
}
