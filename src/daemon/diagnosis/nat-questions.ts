import { randomBytes } from 'node:crypto';
import { TeredoError } from '../../errors.ts';
import { hostAddresses } from '../../io/linux/host.ts';
import type { Router } from '../../io/mapping/mapping.ts';
import type { Security } from '../../roles/client/secure-qualification.ts';
import { IDENTIFICATION_TIMEOUT_MS, MTU } from '../../roles/constants.ts';
import type { Endpoint } from '../../roles/role.ts';
import { parseIpv4 } from '../../wire/text.ts';
import { isPublic } from '../port-mappings.ts';
import { type ClientRun, identifyNat, searchRefreshInterval } from './behaviour.ts';
import { answers, answersAtBoth, type Facts, type Known, no, notKnown, type ServerFacts, yes } from './facts.ts';
import type { Ledger } from './ledger.ts';
import { askServices, borrow } from './mapping-services.ts';
import type { Progress } from './progress.ts';
import type { Answer, Solicitor } from './solicitor.ts';

/** IPv4 and UDP. */
const OVERHEAD = 20 + 8;
/** The shortest wait for one answer, in ms; three times the round trip otherwise. */
const PATIENCE_MIN_MS = 500;
/** How long a mapping is left alone to see whether it is still there; a longer search is RFC 4380 §5.2.7's. */
const SILENCE_MAX_MS = 9_000;
const SILENCE_MIN_MS = 2_000;
/** Where the long search begins: below what NATs forget in, so that a short-lived mapping is found too. */
const SEARCH_FROM_MS = 5_000;
const NO_TIME = 'there was no time left to find out';

export interface NatQuestions {
  readonly solicitor: Solicitor;
  /** The local socket that asked the primary address. */
  readonly via: number;
  readonly facts: ServerFacts;
  readonly router: Router | undefined;
  readonly linkMtu: number | undefined;
  readonly security: Security | undefined;
  readonly port: number;
  readonly ownInterface: string;
  readonly long: boolean;
  readonly progress: Progress;
  readonly ledger: Ledger;
  /** Aborts when the time for the usual questions is over, and when that is (`performance.now()`). */
  readonly limit: AbortSignal;
  readonly limitAt: number;
  /** Aborts when the user ends it. */
  readonly stopped: AbortSignal;
}

export type NatFacts = Pick<
  Facts,
  | 'router'
  | 'mapped'
  | 'servicePort'
  | 'client'
  | 'open'
  | 'openByMapping'
  | 'services'
  | 'lifetime'
  | 'lifetimeMs'
  | 'mtu'
>;

/** When there is nobody to ask. */
export function noNatFacts(why: string): NatFacts {
  return {
    router: undefined,
    mapped: undefined,
    servicePort: 0,
    client: undefined,
    open: notKnown(why),
    openByMapping: notKnown(why),
    services: why,
    lifetime: notKnown(why),
    lifetimeMs: undefined,
    mtu: notKnown(why),
  };
}

/** Puts all questions about the NAT to a server that answers at its primary address at least. */
export async function questionNat(questions: NatQuestions): Promise<NatFacts> {
  const { solicitor, facts, router, progress, long } = questions;
  const first = facts.primary!.outcome as Answer;
  const patienceMs = Math.max(PATIENCE_MIN_MS, Math.min(3 * first.rttMs, IDENTIFICATION_TIMEOUT_MS));
  const service = await openService(solicitor, questions.port);
  const servicePort = solicitor.port.localPort(service.via);
  const isDirect = isOwn(first.mapped, solicitor.port.localPort(questions.via));
  const lifetime = isDirect
    ? Promise.resolve(notKnown('no NAT'))
    : progress.step('how long the NAT remembers', quickLifetime(questions, patienceMs));
  const mtu = progress.step('large packets', askMtu(questions, patienceMs));
  const mappings = progress.step('what the router maps', mappingFacts(questions, service.via, servicePort, patienceMs));
  const { services, open, openByMapping, mapped } = await mappings;
  solicitor.port.setOpen(service.via, false);
  const run: ClientRun = { ...questions, server: solicitor.server, port: servicePort, stopped: questions.limit };
  const speed = IDENTIFICATION_TIMEOUT_MS / patienceMs;
  const client = answersAtBoth(facts) ? await progress.step('how the NAT behaves', identifyNat(run, speed)) : undefined;
  const quick = await lifetime;
  const known = { services, open, openByMapping, servicePort, client, mapped, mtu: await mtu, router };
  if (!long || client?.nat === 'none') return { ...known, lifetime: quick, lifetimeMs: undefined };
  const search = searchRefreshInterval({ ...run, port: 0, stopped: questions.stopped }, SEARCH_FROM_MS);
  const { refreshIntervalMs: ms } = await progress.step('how long the NAT remembers (takes minutes)', search);
  if (ms === undefined) return { ...known, lifetime: quick, lifetimeMs: undefined };
  return { ...known, lifetime: yes(`at least ${ms / 1_000} s (RFC 4380 5.2.7)`), lifetimeMs: ms };
}

/** Whether the server sees this host as it is (RFC 4380 §5.2.1). */
function isOwn({ ipv4, port }: Endpoint, localPort: number): boolean {
  return port === localPort && hostAddresses().ipv4.some(({ address }) => parseIpv4(address) === ipv4);
}

/** The service port as wished. Errors: TD-PORT-TAKEN; of another port nobody wants to know. */
async function openService(solicitor: Solicitor, port: number): Promise<{ readonly via: number }> {
  try {
    return { via: await solicitor.open(port) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw error;
    throw new TeredoError(
      'TD-PORT-TAKEN',
      `UDP port ${port} is in use, so that nothing can be said of it`,
      'stop what has it ("ss -ulpn" tells; a client that runs is asked without --port), or name another one',
    );
  }
}

type MappingFacts = Pick<NatFacts, 'services' | 'open' | 'openByMapping' | 'mapped'>;

/**
 * Whether strangers reach the service port: the server answers from an address that the port has not sent to. Asked
 * first without the router's help, then with it.
 */
async function mappingFacts(
  questions: NatQuestions,
  via: number,
  localPort: number,
  patienceMs: number,
): Promise<MappingFacts> {
  const { solicitor, router, ledger, limit } = questions;
  const isRouterPrivate = router !== undefined && !isPublic(parseIpv4(router.local) ?? 0);
  const nobody =
    router === undefined ? 'no router between this host and the server' : 'the address of this host is public';
  const answered = isRouterPrivate ? askServices(router, solicitor, ledger, limit) : nobody;
  const stranger = strangerTrouble(questions, patienceMs);
  const seen = await solicitor.ask(usual(via, solicitor.server.primary, 0, patienceMs));
  const mapped = typeof seen === 'object' ? seen.mapped : undefined;
  const knock = async (): Promise<Known> => {
    const outcome = await solicitor.ask(usual(via, solicitor.server.primary, 1, patienceMs));
    if (typeof outcome === 'object') return yes();
    const why = limit.aborted ? NO_TIME : await stranger;
    return why === undefined ? no('a stranger got nothing through in 3 tries') : notKnown(why);
  };
  const open = await knock();
  const services = await answered;
  const granting = typeof services === 'string' ? undefined : services.find(({ value }) => value === 'yes');
  if (granting === undefined || router === undefined) {
    return { services, open, mapped, openByMapping: no('the router maps no port') };
  }
  const request = { router, localPort, nonce: randomBytes(12) };
  const openByMapping = await borrow(granting.method, request, ledger, limit, knock).catch(() => notKnown(NO_TIME));
  return { services, open, mapped, openByMapping };
}

/**
 * Why the second address of the server cannot play a stranger; undefined: it can, so that its silence means something.
 * Asked from a port that has sent to both addresses, which a NAT lets both answer to, unless it is symmetric.
 */
async function strangerTrouble({ solicitor, facts }: NatQuestions, patienceMs: number): Promise<string | undefined> {
  if (!answers(facts.secondary)) return 'the second address of the server, which plays the stranger, does not answer';
  const { primary, secondary } = solicitor.server;
  const via = await solicitor.open();
  const other = await solicitor.ask(usual(via, secondary, 0, patienceMs));
  const first = await solicitor.ask(usual(via, primary, 0, patienceMs));
  const isSymmetric = typeof other === 'object' && typeof first === 'object' && other.mapped.port !== first.mapped.port;
  if (isSymmetric || typeof (await solicitor.ask(usual(via, primary, 1, patienceMs))) === 'object') return undefined;
  return 'the server does not answer from its other address when it is asked to';
}

function usual(via: number, to: number, coneBit: 0 | 1, patienceMs: number) {
  return { via, to, coneBit, repeatsAtMs: [patienceMs, 2 * patienceMs], giveUpAtMs: 3 * patienceMs };
}

/** A socket is left alone; then a bubble through the server shows whether the NAT still knows it (RFC 4380 §5.2.7). */
async function quickLifetime(questions: NatQuestions, patienceMs: number): Promise<Known> {
  const { solicitor, via, limit, limitAt } = questions;
  const mappingOf = async (socket: number): Promise<Endpoint | undefined> => {
    const answer = await solicitor.ask(usual(socket, solicitor.server.primary, 0, patienceMs));
    return typeof answer === 'object' ? answer.mapped : undefined;
  };
  const [control, silent] = [await solicitor.open(), await solicitor.open()];
  const [own, controlled, left] = [await mappingOf(via), await mappingOf(control), await mappingOf(silent)];
  if (own === undefined || controlled === undefined || left === undefined) {
    return notKnown('the server did not answer three sockets');
  }
  // Silence must mean the NAT and not the server.
  if (!(await solicitor.bubble(via, own, control, controlled, patienceMs, 3))) {
    return notKnown('no bubble comes through the server');
  }
  const roomMs = limitAt - performance.now() - 4 * patienceMs;
  const silenceMs = Math.floor(Math.min(SILENCE_MAX_MS, roomMs) / 1_000) * 1_000;
  if (silenceMs < SILENCE_MIN_MS || !(await pause(silenceMs, limit))) return notKnown(NO_TIME);
  // The sender's own mapping may be another by now.
  const again = (await mappingOf(via)) ?? own;
  if (await solicitor.bubble(via, again, silent, left, patienceMs, 3)) {
    return yes(`at least ${silenceMs / 1_000} s; --long finds out how long`);
  }
  return limit.aborted ? notKnown(NO_TIME) : no(`the NAT forgets within ${silenceMs / 1_000} s`);
}

/** False: there was no time to wait that long. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve(true);
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** A solicitation as large as the largest packet of a Teredo link shows that the way to the server carries it. */
async function askMtu(questions: NatQuestions, patienceMs: number): Promise<Known> {
  const { solicitor, linkMtu, security } = questions;
  if (linkMtu !== undefined && linkMtu < MTU + OVERHEAD) {
    return no(`the way to the server carries ${linkMtu} octets, ${MTU + OVERHEAD} are needed`);
  }
  if (security !== undefined) return notKnown('with a secret only usual solicitations are sent');
  const via = await solicitor.open();
  const outcome = await solicitor.ask({ ...usual(via, solicitor.server.primary, 0, patienceMs), octets: MTU });
  if (typeof outcome === 'object') return yes(`a packet of ${MTU} octets reaches the server`);
  return notKnown('the server does not answer a large solicitation; not every server does');
}
