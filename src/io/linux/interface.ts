import { existsSync } from 'node:fs';
import { TeredoError } from '../../errors.ts';
import {
  type InterfaceBefore,
  isStillThere,
  linesBack,
  lookBefore,
  settingsBack,
  writeSetting,
} from './interface-before.ts';
import { ask, command, commandNow } from './ip.ts';
import { keyOf, ROUTE_PROTOCOL, type Route, type RouteRow, refuseTaken } from './routes.ts';

/** RFC 4380 §2.6. Addresses of it on our interface are ours to remove; any others an administrator put there. */
const TEREDO_PREFIX = '2001::/32';

/** Packets that wait for us in the kernel at most: what an Ethernet device has, twice the default of a TUN device. */
const QUEUE_LENGTH = 1_000;

/** What the interface shall look like. */
export interface WantedInterface {
  readonly up: boolean;
  /** Octets. */
  readonly mtu: number;
  /** With their prefix lengths: "2001:0:cb00:7101::1/32". */
  readonly addresses: readonly string[];
  /** Addresses for flows that began from them and for no new ones (RFC 4862 §5.5.4), likewise. */
  readonly deprecated?: readonly string[];
  readonly routes: readonly Route[];
}

/** What `ip -json` tells of an interface; more than this is there. */
interface AddressRow {
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly addr_info: readonly {
    readonly family?: string;
    readonly local: string;
    readonly prefixlen: number;
    readonly deprecated?: boolean;
  }[];
}

/**
 * Brings a TUN interface to a wanted state, whatever its state is, with as few changes as that takes.
 *
 * Changes are made one after the other; while one is under way only the newest wish waits. Nothing is touched before
 * `prepare`, which only who holds the interface's descriptor may call: the name may be anybody's until then.
 */
export class TunInterface {
  readonly name: string;
  #wish: WantedInterface | undefined;
  #work: Promise<void> | undefined;
  /** What it looks like since the last wish was fulfilled. */
  #fulfilled: WantedInterface | undefined;
  /** Undefined: the interface is not ours. */
  #before: InterfaceBefore | undefined;
  /** Addresses that we put there, those of the Teredo prefix aside. */
  readonly #added = new Set<string>(); // Bounded by what the daemon wants: one link-local address.

  constructor(name: string) {
    this.name = name;
  }

  /** The interface is ours from here on. Errors: TeredoError when the kernel has no IPv6, or forbids it there. */
  async prepare(): Promise<void> {
    if (!existsSync('/proc/sys/net/ipv6')) {
      throw new TeredoError(
        'TD-IPV6-MISSING',
        'this kernel has no IPv6',
        'boot without "ipv6.disable=1", or load the module ("modprobe ipv6")',
      );
    }
    if (!existsSync(`/proc/sys/net/ipv6/conf/${this.name}`)) {
      throw new TeredoError('TD-INTERFACE', `interface ${this.name} is not there, or too small for IPv6`);
    }
    this.#before = await lookBefore(this.name);
    // Where IPv6 is switched off by default, a tunnel for IPv6 is the exception.
    if (!writeSetting(this.name, 'disable_ipv6', '0')) {
      throw new TeredoError(
        'TD-IPV6-DISABLED',
        `IPv6 is disabled on ${this.name} and /proc/sys is read-only`,
        'in a container: --sysctl net.ipv6.conf.default.disable_ipv6=0',
      );
    }
    // The address comes by the Teredo rules alone: no router advertisement from a peer may change this host.
    for (const name of ['accept_ra', 'autoconf', 'router_solicitations']) writeSetting(this.name, name, '0');
  }

  /** Resolves once the interface looks like `wanted`, or like a newer wish. Errors: TeredoError with what `ip` said. */
  async want(wanted: WantedInterface): Promise<void> {
    this.#wish = wanted;
    this.#work ??= this.#fulfil();
    await this.#work;
  }

  /**
   * Looks whether somebody took away what is wanted, and with `repair` puts it back.
   *
   * Shape:  the lines for `ip -batch` that it takes; none while a wish is under way, or when nothing is missing. An MTU
   *         that somebody set by hand is left alone.
   * Errors: TeredoError with what `ip` said.
   */
  async mend(repair: boolean): Promise<readonly string[]> {
    const wanted = this.#fulfilled;
    if (wanted?.up !== true || this.#work !== undefined) return [];
    const lines = await this.#compare(wanted);
    const missing = lines.filter((line) => !/ mtu \d+$/.test(line));
    if (missing.length === 0 || !this.#isStill(wanted)) return [];
    if (repair) await this.want(wanted);
    return missing;
  }

  /** Takes everything of ours off the interface, at once; one that outlives its TunPort is given back as it was. */
  clear(): void {
    this.#wish = undefined;
    const before = this.#before;
    this.#before = undefined;
    if (before === undefined || !isStillThere(this.name, before)) return;
    const mine = [...this.#added].filter((address) => !before.addresses.includes(address));
    commandNow([
      `route flush dev ${this.name} protocol ${ROUTE_PROTOCOL}`,
      `address flush dev ${this.name} to ${TEREDO_PREFIX}`,
      ...mine.map((address) => `address delete ${address} dev ${this.name}`),
      ...linesBack(this.name, { ...before, addresses: before.addresses.filter((address) => !isTeredo(address)) }),
    ]);
    settingsBack(this.name, before);
  }

  async #fulfil(): Promise<void> {
    try {
      for (let wanted = this.#wish; wanted !== undefined; wanted = this.#wish) {
        this.#wish = undefined;
        this.#fulfilled = undefined;
        await this.#bring(wanted);
        this.#fulfilled = wanted;
      }
    } finally {
      this.#work = undefined;
    }
  }

  /** Whether nobody wished for anything else meanwhile. */
  #isStill(wanted: WantedInterface): boolean {
    return this.#fulfilled === wanted && this.#work === undefined && this.#before !== undefined;
  }

  async #compare(wanted: WantedInterface): Promise<string[]> {
    const [links, routes] = await Promise.all([
      // Not with -6: an interface without addresses would not be told of at all.
      ask<AddressRow>('address', 'show', 'dev', this.name),
      ask<RouteRow>('-6', 'route', 'show', 'dev', this.name),
    ]);
    // A wanted route is there whoever made it: Miredo's client hook makes the same. Only our own are ours to remove.
    const keys = new Set(wanted.routes.map(({ destination, metric }) => `${destination} metric ${metric}`));
    const known = routes.filter((route) => route.protocol === String(ROUTE_PROTOCOL) || keys.has(keyOf(route)));
    const { isUp = false, addresses = [] } = this.#before ?? {};
    const kept = new Set(addresses.filter((address) => !isTeredo(address)));
    return changes(this.name, { ...wanted, up: wanted.up || isUp }, links[0], known, kept);
  }

  async #bring(wanted: WantedInterface): Promise<void> {
    try {
      const lines = await this.#compare(wanted);
      for (const address of wanted.addresses) if (!isTeredo(address)) this.#added.add(address);
      for (const route of wanted.routes) await refuseTaken(route, this.name);
      if (lines.length > 0) await command(lines);
    } catch (error) {
      // A newer wish starts from whatever state this one left.
      if (this.#wish === undefined) throw error;
    }
  }
}

/** Lines for `ip -batch` that lead from what is to what shall be; `kept` addresses are not ours to remove. */
export function changes(
  name: string,
  wanted: WantedInterface,
  link: AddressRow | undefined,
  routes: readonly RouteRow[],
  kept: ReadonlySet<string> = new Set(),
): string[] {
  const is = link ?? { mtu: 0, flags: [], addr_info: [] };
  const isUp = is.flags.includes('UP');
  const addresses = is.addr_info
    .filter(({ family }) => family !== 'inet')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  const { deprecated = [] } = wanted;
  const routeKeys = routes.map(keyOf);
  const wantedRoutes = wanted.routes.map(({ destination, metric }) => `${destination} metric ${metric}`);
  const lines: string[] = [];
  for (const key of routeKeys) {
    if (!wantedRoutes.includes(key)) lines.push(`route delete ${key} dev ${name} protocol ${ROUTE_PROTOCOL}`);
  }
  for (const address of addresses) {
    const isOurs = !kept.has(address) && (isTeredo(address) || address.startsWith('fe80:'));
    if (!wanted.addresses.includes(address) && !deprecated.includes(address) && isOurs)
      lines.push(`address delete ${address} dev ${name}`);
  }
  if (!wanted.up) {
    if (isUp) lines.push(`link set dev ${name} down`);
    return lines;
  }
  // A link-local address of the kernel's own making would be of no use: nobody resolves neighbours on a tunnel.
  // It is made when the interface comes up, so that it must be forbidden by a command before.
  if (!isUp)
    lines.push(
      `link set dev ${name} addrgenmode none`,
      `link set dev ${name} txqueuelen ${QUEUE_LENGTH} mtu ${wanted.mtu} up`,
    );
  else if (is.mtu !== wanted.mtu) lines.push(`link set dev ${name} mtu ${wanted.mtu}`);
  const asideNow = new Set(
    is.addr_info.flatMap((one) => (one.deprecated === true ? `${one.local}/${one.prefixlen}` : [])),
  );
  for (const address of wanted.addresses) {
    if (asideNow.has(address)) lines.push(`address change ${address} dev ${name} preferred_lft forever`);
    else if (!addresses.includes(address)) lines.push(`address add ${address} dev ${name} nodad`);
  }
  for (const address of deprecated) {
    if (asideNow.has(address)) continue;
    const verb = addresses.includes(address) ? 'change' : 'add';
    lines.push(`address ${verb} ${address} dev ${name} nodad preferred_lft 0`);
  }
  for (const key of wantedRoutes) {
    if (!routeKeys.includes(key)) lines.push(`route add ${key} dev ${name} protocol ${ROUTE_PROTOCOL}`);
  }
  return lines;
}

/** Whether an address on our interface is one that some teredo put there. */
function isTeredo(address: string): boolean {
  return /^2001:0?:/.test(address);
}
