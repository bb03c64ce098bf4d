import type { Endpoint } from '../roles/role.ts';
import type { SeededRandom } from './random.ts';

/** RFC 4787 §4.1 and §5: what a mapping, or a filter, depends on besides the inside address and port. */
export type Dependence = 'endpoint-independent' | 'address' | 'address-and-port';

/** RFC 4787 §4.2: how the port of a new mapping is chosen. `preserving` goes on upwards when the port is taken. */
export type Allocation = 'preserving' | 'sequential' | 'random';

export interface NatBehaviour {
  readonly mapping: Dependence;
  readonly filtering: Dependence;
  readonly allocation: Allocation;
  /** RFC 4787 §4.3: a mapping, and each permission of its filter, ends this long after the last outbound packet. */
  readonly lifetimeMs: number;
  /** RFC 4787 REQ-6 allows inbound packets to refresh as well. */
  readonly inboundRefresh: boolean;
  /** RFC 4787 REQ-9: two inside hosts reach one another by their mapped addresses. */
  readonly hairpinning: boolean;
  /** It maps ports on request (UPnP, NAT-PMP, PCP); not unless said. */
  readonly upnp?: boolean;
  /** The first port that `sequential` gives out; otherwise drawn. */
  readonly firstPort?: number;
}

/** A packet the NAT keeps out, and why. */
export interface Refusal {
  readonly refusal: string;
}

interface Mapping {
  readonly inside: Endpoint;
  readonly external: Endpoint;
  /** By the key of a remote end under the filtering rule: when a packet last left for it, in ms. */
  readonly permitted: Map<number, number>;
  lastUsedAt: number;
}

const PORT_MIN = 1024;
const PORT_MAX = 65535;

/**
 * The mappings of one NAT: the pair mapping x filtering of RFC 4787, without any wire.
 *
 * Units:  addresses as int32, instants in ms.
 * Shape:  every mapping has an external endpoint of its own. With several external addresses each new mapping takes
 *         the next one (RFC 4787 §4.1 "arbitrary" pooling), which makes an address-symmetric NAT (RFC 6081 §2).
 *         Bounded by 64,512 ports for each external address.
 */
export class NatTable {
  readonly behaviour: NatBehaviour;
  #external: readonly number[];
  readonly #random: SeededRandom;
  /** Inside endpoint, then remote end under the mapping rule. */
  readonly #byInside = new Map<number, Map<number, Mapping>>();
  readonly #byExternal = new Map<number, Mapping>();
  /** Port mappings made on request, by external endpoint. */
  readonly #reserved = new Map<number, Endpoint>();
  #nextPort: number;
  #nextAddress = 0;

  constructor(behaviour: NatBehaviour, external: readonly number[], random: SeededRandom) {
    this.behaviour = behaviour;
    this.#external = external;
    this.#random = random;
    this.#nextPort = behaviour.firstPort ?? random.between(PORT_MIN, PORT_MAX);
  }

  get external(): readonly number[] {
    return this.#external;
  }

  /**
   * Maps the external port with the same number to an inside endpoint, for whoever sends there, until `release`.
   *
   * Shape:  undefined when the NAT does not do this, or the port is another's. What the inside host sends is mapped by
   *         the NAT's own rule as ever, and the first such mapping gets this port (RFC 6081 §3.2).
   */
  reserve(inside: Endpoint, now: number): Endpoint | undefined {
    const external = { ipv4: this.#external[0]!, port: inside.port };
    const owner = this.#ownerOf(external, now);
    if (this.behaviour.upnp !== true || (owner !== undefined && !isSameEndpoint(owner, inside))) return undefined;
    this.#reserved.set(endpointKey(external), inside);
    return external;
  }

  release(inside: Endpoint): void {
    for (const [key, owner] of this.#reserved) if (isSameEndpoint(owner, inside)) this.#reserved.delete(key);
  }

  /** Who asked for this port of the first external address. */
  reservedBy(port: number): Endpoint | undefined {
    return this.#reserved.get(endpointKey({ ipv4: this.#external[0]!, port }));
  }

  /** Translates the source of a packet on its way out; makes the mapping if there is none. */
  outbound(inside: Endpoint, remote: Endpoint, now: number): Endpoint | Refusal {
    const { mapping, filtering } = this.behaviour;
    const insideKey = endpointKey(inside);
    let byRemote = this.#byInside.get(insideKey);
    if (byRemote === undefined) {
      byRemote = new Map();
      this.#byInside.set(insideKey, byRemote);
    }
    const remoteKey = keyUnder(mapping, remote);
    let found = byRemote.get(remoteKey);
    if (found === undefined || this.#isOver(found, now)) {
      const external = this.#allocate(inside, now);
      if (external === undefined) return { refusal: 'NAT: every port is taken' };
      found = { inside, external, permitted: new Map(), lastUsedAt: now };
      byRemote.set(remoteKey, found);
      this.#byExternal.set(endpointKey(external), found);
    }
    found.lastUsedAt = now;
    found.permitted.set(keyUnder(filtering, remote), now);
    return found.external;
  }

  /** Finds who is meant by a packet that arrived at an external address, if the filter lets it in. */
  inbound(external: Endpoint, remote: Endpoint, now: number): Endpoint | Refusal {
    const reserved = this.#reserved.get(endpointKey(external));
    if (reserved !== undefined) return reserved;
    const found = this.#byExternal.get(endpointKey(external));
    if (found === undefined || this.#isOver(found, now))
      return { refusal: `NAT: no mapping for port ${external.port}` };
    const { filtering, lifetimeMs, inboundRefresh } = this.behaviour;
    const remoteKey = keyUnder(filtering, remote);
    if (filtering !== 'endpoint-independent') {
      const permittedAt = found.permitted.get(remoteKey);
      if (permittedAt === undefined || now - permittedAt >= lifetimeMs) {
        return {
          refusal: filtering === 'address' ? 'NAT filter: address not contacted' : 'NAT filter: endpoint not contacted',
        };
      }
    }
    if (inboundRefresh) {
      found.lastUsedAt = now;
      found.permitted.set(remoteKey, now);
    }
    return found.inside;
  }

  /** The live mapping that a packet would leave by, without making one; for what wants to look on. */
  lookUp(inside: Endpoint, remote: Endpoint, now: number): Endpoint | undefined {
    const found = this.#byInside.get(endpointKey(inside))?.get(keyUnder(this.behaviour.mapping, remote));
    return found === undefined || this.#isOver(found, now) ? undefined : found.external;
  }

  /** Power off and on: every mapping is forgotten; new external addresses if given. */
  reboot(external = this.#external): void {
    this.#byInside.clear();
    this.#byExternal.clear();
    this.#reserved.clear();
    this.#external = external;
    if (this.behaviour.firstPort === undefined) this.#nextPort = this.#random.between(PORT_MIN, PORT_MAX);
  }

  #isOver(mapping: Mapping, now: number): boolean {
    return now - mapping.lastUsedAt >= this.behaviour.lifetimeMs;
  }

  /** Who may use an external endpoint; undefined: whoever comes. */
  #ownerOf(external: Endpoint, now: number): Endpoint | undefined {
    const key = endpointKey(external);
    const mapping = this.#byExternal.get(key);
    return (
      this.#reserved.get(key) ?? (mapping === undefined || this.#isOver(mapping, now) ? undefined : mapping.inside)
    );
  }

  /** The endpoint that was mapped on request, unless one of its owner's mappings has it already. */
  #reservedFor(inside: Endpoint, now: number): Endpoint | undefined {
    const external = { ipv4: this.#external[0]!, port: inside.port };
    const owner = this.#reserved.get(endpointKey(external));
    if (owner === undefined || !isSameEndpoint(owner, inside)) return undefined;
    const user = this.#byExternal.get(endpointKey(external));
    return user === undefined || this.#isOver(user, now) ? external : undefined;
  }

  #allocate(inside: Endpoint, now: number): Endpoint | undefined {
    const reserved = this.#reservedFor(inside, now);
    if (reserved !== undefined) return reserved;
    const ipv4 = this.#external[this.#nextAddress++ % this.#external.length]!;
    const { allocation } = this.behaviour;
    let port = this.#nextPort;
    if (allocation === 'preserving') port = inside.port;
    if (allocation === 'random') port = this.#random.between(PORT_MIN, PORT_MAX);
    for (let tries = 0; tries <= PORT_MAX - PORT_MIN; tries++) {
      if (port > PORT_MAX) port = PORT_MIN;
      if (this.#ownerOf({ ipv4, port }, now) === undefined) {
        if (allocation === 'sequential') this.#nextPort = port + 1;
        return { ipv4, port };
      }
      port++;
    }
    return undefined;
  }
}

/** An endpoint as one number below 2^48. */
export function endpointKey(endpoint: Endpoint): number {
  return (endpoint.ipv4 >>> 0) * 0x1_0000 + endpoint.port;
}

function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.ipv4 === b.ipv4 && a.port === b.port;
}

function keyUnder(dependence: Dependence, remote: Endpoint): number {
  if (dependence === 'endpoint-independent') return 0;
  return dependence === 'address' ? remote.ipv4 >>> 0 : endpointKey(remote);
}
