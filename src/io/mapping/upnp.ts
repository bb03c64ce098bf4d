import { ask, urlOn } from './http.ts';
import { type GrantedMapping, MappingError, type MappingMethod, plausible, type Router } from './mapping.ts';
import { call, type Service, SoapError } from './soap.ts';
import { discover } from './ssdp.ts';
import { all, parse, textOf } from './xml.ts';

/** Internet Gateway Device 1 and 2: the services that map ports, the better ones first. */
const SERVICES = ['WANIPConnection:2', 'WANIPConnection:1', 'WANPPPConnection:1'].map(
  (name) => `urn:schemas-upnp-org:service:${name}`,
);
/** A router with several lines to the Internet has several services; more than this is none of ours. */
const SERVICES_MAX = 4;
/** RFC 6081 §5.3.3. */
const DESCRIPTION = 'TEREDO';
/** Seconds, where a router has no mappings without end. */
const FINITE_LEASE = 3_600;
/** UPnP WANIPConnection:1 §2.4.16: another host has this port. */
const CONFLICT = 718;
/** Errors after which another lease would help nothing: not authorized, conflict. */
const FINAL = [606, CONFLICT];

/**
 * UPnP Internet Gateway Device, as RFC 6081 §5.3.3 uses it (ledger EXT-20, EXT-21, EXT-25).
 *
 * It remembers where the service was, and looks again when that fails.
 */
export class Upnp implements MappingMethod {
  readonly protocol = 'UPnP';
  mayHaveMapped = false;
  #service: Service | undefined;

  async map({ router, localPort }: Parameters<MappingMethod['map']>[0], signal: AbortSignal): Promise<GrantedMapping> {
    const known = this.#service;
    if (known?.router.gateway === router.gateway && known.router.local === router.local) {
      try {
        return await mapBy(known, localPort, signal);
      } catch {
        signal.throwIfAborted(); // the router may have restarted and be elsewhere now
      }
    }
    this.#service = undefined;
    let failure: unknown;
    for (const service of await services(router, signal)) {
      try {
        this.mayHaveMapped = true;
        const mapping = await mapBy(service, localPort, signal);
        this.#service = service;
        return mapping;
      } catch (error) {
        signal.throwIfAborted();
        failure ??= error;
      }
    }
    throw failure ?? new MappingError('has no service that maps ports');
  }

  async unmap({ router, localPort }: Parameters<MappingMethod['map']>[0], signal: AbortSignal): Promise<void> {
    const known = this.#service === undefined ? await services(router, signal) : [this.#service];
    for (const service of known) {
      if (await isOurs(service, localPort, signal)) await remove(service, localPort, signal);
    }
  }
}

/** EXT-20, EXT-21: AddPortMapping, then GetExternalIPAddress; without an address there is no use in the mapping. */
async function mapBy(service: Service, port: number, signal: AbortSignal): Promise<GrantedMapping> {
  const lifetimeMs = await add(service, port, signal);
  try {
    const read = await call(service, 'GetExternalIPAddress', {}, signal);
    return plausible(read('NewExternalIPAddress') ?? '', port, lifetimeMs);
  } catch (error) {
    if (!signal.aborted) await remove(service, port, signal).catch(() => {});
    throw error;
  }
}

/** Adds the mapping, without end if the router can; gives its lifetime in ms. */
async function add(service: Service, port: number, signal: AbortSignal): Promise<number> {
  const values = (lease: number) => ({
    NewRemoteHost: '',
    NewExternalPort: port,
    NewProtocol: 'UDP',
    NewInternalPort: port,
    NewInternalClient: service.router.local,
    NewEnabled: 1,
    NewPortMappingDescription: DESCRIPTION,
    NewLeaseDuration: lease,
  });
  try {
    await call(service, 'AddPortMapping', values(0), signal);
    return Number.POSITIVE_INFINITY;
  } catch (error) {
    if (!(error instanceof SoapError)) throw error;
    // Some routers do not prolong what they have: it is ours all the same.
    if (error.code === CONFLICT && (await isOurs(service, port, signal))) return FINITE_LEASE * 1_000;
    if (FINAL.includes(error.code)) throw error;
    await call(service, 'AddPortMapping', values(FINITE_LEASE), signal);
    return FINITE_LEASE * 1_000;
  }
}

/** EXT-25. */
async function remove(service: Service, port: number, signal: AbortSignal): Promise<void> {
  await call(service, 'DeletePortMapping', key(port), signal);
}

/** The router may have given the port to another host meanwhile: nobody's mapping is touched but ours. */
async function isOurs(service: Service, port: number, signal: AbortSignal): Promise<boolean> {
  try {
    const read = await call(service, 'GetSpecificPortMappingEntry', key(port), signal);
    return read('NewInternalClient') === service.router.local;
  } catch (error) {
    if (error instanceof SoapError) return false;
    throw error;
  }
}

function key(port: number) {
  return { NewRemoteHost: '', NewExternalPort: port, NewProtocol: 'UDP' };
}

/** Reads the router's description of itself. */
async function services(router: Router, signal: AbortSignal): Promise<Service[]> {
  const location = await discover(router, signal);
  const { status, text } = await ask(router, location, signal);
  const description = status === 200 ? parse(text) : undefined;
  if (description === undefined) throw new MappingError(`describes itself with nonsense (HTTP ${status})`);
  // UPnP Device Architecture 1.0 §2.1: URLBase, if it is there, comes before the place of the description.
  const base = urlOn(router, textOf(description, 'URLBase') || location.href);
  const found = all(description, 'service').flatMap((service) => {
    const type = textOf(service, 'serviceType') ?? '';
    const control = textOf(service, 'controlURL') ?? '';
    return SERVICES.includes(type) ? [{ router, type, control: urlOn(router, control, base) }] : [];
  });
  return found.sort((a, b) => SERVICES.indexOf(a.type) - SERVICES.indexOf(b.type)).slice(0, SERVICES_MAX);
}
