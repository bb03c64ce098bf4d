import { SystemRandom } from '../../io/entropy.ts';
import type { Security } from '../../roles/client/secure-qualification.ts';
import type { NamedServer } from './diagnose.ts';
import { type Known, no, notKnown, yes } from './facts.ts';
import { Ledger } from './ledger.ts';
import { resolveName } from './reachability.ts';
import { type Outcome, Solicitor } from './solicitor.ts';

/** Exchanges with the first and with the second address, and the time between two, in ms. */
const EXCHANGES = 10;
const SECONDARY_EXCHANGES = 4;
const APART_MS = 150;
/** For one answer. */
const TIMEOUT_MS = 1_000;

/** What exchanges with one server gave. */
export interface ProbedServer {
  readonly name: string;
  /** Dotted quads; undefined: the name was not found. */
  readonly primary: number | undefined;
  readonly nameError: string | undefined;
  /** Of the first address, in ms; undefined: it never answered. */
  readonly medianMs: number | undefined;
  readonly sent: number;
  readonly answered: number;
  readonly secondary: Known;
  /** Whether it answers a solicitation with the cone bit from its other address (RFC 4380 §5.3.2). */
  readonly cone: Known;
  /** Whether it authenticates with the secret that was given (RFC 4380 §5.2.2). */
  readonly secure: Known;
}

/** Probes all servers side by side and gives them with the best one first. */
export async function probeServers(
  servers: readonly NamedServer[],
  security: Security | undefined,
  stopped: AbortSignal,
  onServer: () => void,
): Promise<ProbedServer[]> {
  const probed = await Promise.all(
    servers.map(async (server) => {
      const result = await probe(server, security, stopped);
      onServer();
      return result;
    }),
  );
  return probed.sort((a, b) => rank(a) - rank(b) || loss(a) - loss(b) || (a.medianMs ?? 0) - (b.medianMs ?? 0));
}

/** Whether a client can qualify with it. */
export function isUsable(server: ProbedServer): boolean {
  return rank(server) === 0;
}

/** Share of the solicitations to the first address that nobody answered, 0 to 1. */
export function loss({ sent, answered }: ProbedServer): number {
  return sent === 0 ? 1 : 1 - answered / sent;
}

/** Whole servers before halves before silent ones. */
function rank({ answered, secondary }: ProbedServer): number {
  if (answered > 0 && secondary.value === 'yes') return 0;
  return answered > 0 || secondary.value === 'yes' ? 1 : 2;
}

async function probe({ name, secondary }: NamedServer, security: Security | undefined, stopped: AbortSignal) {
  const primary = await resolveName(name);
  if (typeof primary === 'string') return absent(name, primary);
  const server = { primary, secondary: secondary ?? (primary + 1) | 0 };
  const random = new SystemRandom();
  const solicitor = new Solicitor(server, security, random, new Ledger());
  const close = () => solicitor.close();
  stopped.addEventListener('abort', close);
  try {
    const via = await solicitor.open();
    const first = await exchanges(solicitor, via, server.primary, EXCHANGES);
    const second = await exchanges(solicitor, via, server.secondary, SECONDARY_EXCHANGES);
    const isKeyed = security !== undefined;
    return {
      name,
      primary,
      nameError: undefined,
      medianMs: median(first.rtts),
      sent: first.sent,
      answered: first.rtts.length,
      secondary: second.rtts.length > 0 ? yes() : notKnown(`no answer in ${second.sent} tries`),
      cone: await cone(solicitor, via, first, second),
      secure: isKeyed ? keyed(first) : notKnown('no identifier and secret given'),
    } satisfies ProbedServer;
  } finally {
    stopped.removeEventListener('abort', close);
    solicitor.close();
  }
}

interface Exchanges {
  readonly sent: number;
  readonly rtts: readonly number[];
  /** The ports that the server saw us by. */
  readonly mappedPorts: ReadonlySet<number>;
  readonly isRejected: boolean;
}

async function exchanges(solicitor: Solicitor, via: number, to: number, count: number): Promise<Exchanges> {
  const asked: Promise<Outcome>[] = [];
  for (let index = 0; index < count; index++) {
    asked.push(solicitor.ask({ via, to, coneBit: 0, repeatsAtMs: [], giveUpAtMs: TIMEOUT_MS }));
    await new Promise((resolve) => setTimeout(resolve, APART_MS));
  }
  const outcomes = await Promise.all(asked);
  const answers = outcomes.filter((outcome) => typeof outcome === 'object');
  return {
    sent: count,
    rtts: answers.map(({ rttMs }) => rttMs),
    mappedPorts: new Set(answers.map(({ mapped }) => mapped.port)),
    isRejected: outcomes.includes('rejected'),
  };
}

/** From a port that has sent to both addresses, so that a NAT lets the answer in whoever it comes from. */
async function cone(solicitor: Solicitor, via: number, first: Exchanges, second: Exchanges): Promise<Known> {
  if (first.rtts.length === 0 || second.rtts.length === 0) return notKnown('an address of the server is silent');
  const question = {
    via,
    to: solicitor.server.primary,
    coneBit: 1,
    repeatsAtMs: [500, 1_000],
    giveUpAtMs: 1_500,
  } as const;
  if (typeof (await solicitor.ask(question)) === 'object') return yes();
  const isSymmetric = ![...second.mappedPorts].some((port) => first.mappedPorts.has(port));
  return isSymmetric ? notKnown('a symmetric NAT would not let the answer in') : no('no answer in 3 tries');
}

function keyed({ rtts, isRejected }: Exchanges): Known {
  if (rtts.length > 0) return yes();
  return isRejected ? no('it rejects the secret') : notKnown('no authentic answer');
}

function absent(name: string, nameError: string): ProbedServer {
  const why = notKnown('the name was not found');
  return {
    ...{ name, primary: undefined, nameError, medianMs: undefined, sent: 0, answered: 0 },
    ...{ secondary: why, cone: why, secure: why },
  };
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
