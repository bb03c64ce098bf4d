import { SystemRandom } from '../../io/entropy.ts';
import { hmacSha1 } from '../../io/hmac.ts';
import { PortableLoop } from '../../io/portable/loop.ts';
import { Client, type ClientConfig, clientDefaults } from '../../roles/client/client.ts';
import type { Security } from '../../roles/client/secure-qualification.ts';
import { VIA_SERVICE } from '../../roles/constants.ts';
import type { NatBehaviour, NatType, OfflineReason, RoleEvent } from '../../roles/role.ts';
import { viewHost } from '../host-view.ts';
import type { Ledger } from './ledger.ts';
import type { ServerAddresses } from './solicitor.ts';

export interface ClientRun {
  readonly server: ServerAddresses;
  readonly security: Security | undefined;
  /** The service port; 0: any. */
  readonly port: number;
  readonly ownInterface: string;
  readonly ledger: Ledger;
  readonly stopped: AbortSignal;
}

/** What a client found out before it ended. */
export interface ClientFindings {
  readonly qualified?: Extract<RoleEvent, { type: 'qualified' }>;
  readonly nat?: NatType;
  readonly behaviour?: NatBehaviour;
  readonly offLine?: OfflineReason;
  readonly refreshIntervalMs?: number;
}

/** Nothing that goes on beside qualification and questions to the server. */
const QUIET = { hairpinning: false, sequentialPortNat: false, upnpSymmetricNat: false, serverLoadReduction: false };

/**
 * Runs a real client, without TUN interface, until it has said all it can about the NAT: qualification (RFC 4380
 * §5.2.1) and identification of the NAT.
 *
 * Units:  `speed`: how much faster than the wall's its clock goes, and so how much sooner it is content with silence.
 */
export function identifyNat(run: ClientRun, speed: number): Promise<ClientFindings> {
  return runClient(run, { identifyNat: true }, speed, (found) => {
    return found.behaviour !== undefined || found.offLine !== undefined || found.qualified?.nat === 'none';
  });
}

/** RFC 4380 §5.2.7, from `startMs` on and by the wall's clock: it takes minutes. */
export function searchRefreshInterval(run: ClientRun, startMs: number): Promise<ClientFindings> {
  const search = { identifyNat: false, findRefreshInterval: true, refreshIntervalMs: startMs };
  return runClient(run, search, 1, (found) => found.refreshIntervalMs !== undefined || found.offLine !== undefined);
}

function runClient(
  { server, security, port, ownInterface, ledger, stopped }: ClientRun,
  options: Partial<ClientConfig>,
  speed: number,
  isDone: (found: ClientFindings) => boolean,
): Promise<ClientFindings> {
  const client = new Client(
    {
      ...clientDefaults,
      extensions: { ...clientDefaults.extensions, ...QUIET },
      servers: [{ ipv4: server.primary, ipv4Secondary: server.secondary, preference: 0 }],
      localDiscovery: false,
      ...(security === undefined ? {} : { security }),
      ...options,
    },
    new SystemRandom(),
    hmacSha1,
  );
  return new Promise((resolve) => {
    let found: ClientFindings = {};
    const end = () => {
      stopped.removeEventListener('abort', end);
      loop.close();
      resolve(found);
    };
    const loop = new PortableLoop(client, {
      speed,
      onSend: ledger.datagram,
      onTrouble: (via) => (via === VIA_SERVICE ? end() : undefined),
      onEvent: (event) => {
        found = { ...found, ...read(event) };
        if (isDone(found)) end();
      },
    });
    stopped.addEventListener('abort', end);
    if (stopped.aborted) return end();
    loop.udp.setOpen(VIA_SERVICE, true, port);
    loop.udp.opened(VIA_SERVICE).then(() => {
      client.setLocalNetworks(viewHost([ownInterface]).localNetworks);
      client.setLocalPort(loop.udp.localPort(VIA_SERVICE));
      client.start(loop.now());
      loop.turn();
    }, end);
  });
}

function read(event: RoleEvent): ClientFindings {
  if (event.type === 'qualified') return { qualified: event, nat: event.nat };
  if (event.type === 'nat-identified') return { nat: event.nat };
  if (event.type === 'nat-behaviour') return { behaviour: event.behaviour };
  if (event.type === 'off-line') return { offLine: event.reason };
  return event.type === 'refresh-interval' ? { refreshIntervalMs: event.intervalMs } : {};
}
