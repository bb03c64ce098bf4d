import { createSocket } from 'node:dgram';
import { urlOn } from './http.ts';
import { type Router, silence } from './mapping.ts';

/** UPnP Device Architecture 1.1 §1.3. */
const GROUP = '239.255.255.250';
const PORT = 1900;
/** The host's own link is far enough: the router is on it. */
const TIME_TO_LIVE = 1;
const TARGETS = [1, 2].map((version) => `urn:schemas-upnp-org:device:InternetGatewayDevice:${version}`);
/** Seconds over which devices may spread their answers. */
const MX = 1;
const REPEATS_AT_MS = [500, 1_500];
const GIVE_UP_AT_MS = 2_750;

/**
 * Finds the description of the router as an Internet Gateway Device.
 *
 * Shape:  asks by multicast, as UPnP has it, and the router directly, whose answer a host firewall knows to expect.
 *         Nobody but the router is heard, and only if it names a URL of its own.
 * Errors: rejects with a `MappingError` when there is no such answer, or with the reason of `signal`.
 */
export async function discover(router: Router, signal: AbortSignal): Promise<URL> {
  signal.throwIfAborted();
  const socket = createSocket('udp4');
  const timers: NodeJS.Timeout[] = [];
  let onAbort = () => {};
  try {
    return await new Promise<URL>((resolve, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort);
      socket.on('error', () => reject(silence()));
      socket.on('message', (answer, { address, port }) => {
        if (address !== router.gateway || port !== PORT) return;
        const location = locationIn(answer.toString('latin1'));
        if (location === undefined) return;
        try {
          resolve(urlOn(router, location));
        } catch (error) {
          reject(error as Error);
        }
      });
      const search = () => {
        for (const target of TARGETS) {
          // Either way may be closed; the other will do.
          socket.send(message(target, GROUP), PORT, GROUP, () => {});
          socket.send(message(target, router.gateway), PORT, router.gateway, () => {});
        }
      };
      socket.bind({ address: router.local, port: 0 }, () => {
        try {
          socket.setMulticastInterface(router.local);
          socket.setMulticastTTL(TIME_TO_LIVE);
        } catch {
          // A link without multicast: the router can be asked all the same.
        }
        search();
        timers.push(...REPEATS_AT_MS.map((ms) => setTimeout(search, ms)));
        timers.push(setTimeout(() => reject(silence()), GIVE_UP_AT_MS));
      });
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    for (const timer of timers) clearTimeout(timer);
    socket.removeAllListeners('message');
    socket.close();
  }
}

function message(target: string, host: string): string {
  const lines = ['M-SEARCH * HTTP/1.1', `HOST: ${host}:${PORT}`, 'MAN: "ssdp:discover"', `MX: ${MX}`, `ST: ${target}`];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** LOCATION of an answer from an Internet Gateway Device. */
function locationIn(answer: string): string | undefined {
  const [status = '', ...lines] = answer.split('\r\n', 40);
  if (!/^HTTP\/1\.[01] 200\b/.test(status)) return undefined;
  const header = (name: string) => {
    const line = lines.find((text) => text.toLowerCase().startsWith(`${name}:`));
    return line?.slice(name.length + 1).trim();
  };
  return header('st')?.includes(':InternetGatewayDevice:') === true ? header('location') : undefined;
}
