import { SystemRandom } from '../../io/entropy.ts';
import { suspectRules } from '../../io/linux/firewall.ts';
import { type WayOut, wayOutTo } from '../../io/linux/way-out.ts';
import type { Security } from '../../roles/client/secure-qualification.ts';
import { SERVER_PORT } from '../../roles/constants.ts';
import { formatIpv4 } from '../../wire/text.ts';
import { answers, answersAtBoth, type Facts, type ServerFacts } from './facts.ts';
import { Ledger, type SentEntry } from './ledger.ts';
import { type NatFacts, type NatQuestions, noNatFacts, questionNat } from './nat-questions.ts';
import { Progress, type ProgressState } from './progress.ts';
import { reach, resolveName } from './reachability.ts';
import { Solicitor } from './solicitor.ts';
import { managedNetwork, nativeIpv6 } from './surroundings.ts';

/** What nobody has answered by then is unknown; beyond it only what is under way is taken back. */
const TIME_MS = 13_000;
/** Steps that nearly every diagnosis has; the bar needs a whole from the start. */
const USUAL_STEPS = 5;

export interface NamedServer {
  /** A name or an address. */
  readonly name: string;
  /** int32; undefined: the next after the first. */
  readonly secondary?: number;
}

export interface DiagnosisOptions {
  /** The first is the one in question, the others tell its faults from the network's. At least one. */
  readonly servers: readonly NamedServer[];
  readonly security?: Security;
  /** The service port; 0: any. */
  readonly port: number;
  /** The interface of a client that may run beside us: what it gives the host is not native. */
  readonly ownInterface: string;
  /** Search how long the NAT keeps a mapping (RFC 4380 §5.2.7), for minutes. */
  readonly long: boolean;
  readonly onProgress: (state: ProgressState) => void;
  /** Ends the diagnosis early: what is not known then stays unknown. */
  readonly stopped: AbortSignal;
}

/** What was found out, and what was sent for it. */
export interface Examined {
  readonly facts: Facts;
  readonly sent: readonly SentEntry[];
  readonly ms: number;
}

/** A server with its solicitor, open as long as the diagnosis lasts. */
interface Reached {
  readonly facts: ServerFacts;
  readonly solicitor: Solicitor | undefined;
  /** The local socket that asked the primary address. */
  readonly via: number;
}

/**
 * Finds out why Teredo works here or does not.
 *
 * Shape:  sends to nobody but the servers and the router on the way to them; needs no right; opens local sockets of its
 *         own and closes them; takes back what it had the router do.
 * Errors: TeredoError when no socket can be had.
 */
export async function examine(options: DiagnosisOptions): Promise<Examined> {
  const startedAt = performance.now();
  const ledger = new Ledger();
  const random = new SystemRandom();
  const progress = new Progress(USUAL_STEPS + options.servers.length, options.onProgress);
  const limit = AbortSignal.any([options.stopped, AbortSignal.timeout(TIME_MS)]);
  const solicitors: Solicitor[] = [];
  const reachServer = async ({ name, secondary }: NamedServer): Promise<Reached> => {
    const ipv4 = await resolveName(name);
    if (typeof ipv4 === 'string') return { facts: { name, nameError: ipv4 }, solicitor: undefined, via: -1 };
    const server = { primary: ipv4, secondary: secondary ?? (ipv4 + 1) | 0 };
    const solicitor = new Solicitor(server, options.security, random, ledger);
    solicitors.push(solicitor);
    limit.addEventListener('abort', () => solicitor.close());
    const [one, other] = [await solicitor.open(), await solicitor.open()];
    const facts = await Promise.all([
      reach(solicitor, one, server.primary, ledger),
      reach(solicitor, other, server.secondary, ledger),
    ]);
    return { facts: { name, primary: facts[0], secondary: facts[1] }, solicitor, via: one };
  };
  const host = progress.step('this host', lookAtHost(options));
  try {
    const reached = await Promise.all(
      options.servers.map((server) => progress.step(`server ${server.name}`, reachServer(server))),
    );
    const chosen =
      reached.find(({ facts }) => answersAtBoth(facts)) ?? reached.find(({ facts }) => answers(facts.primary));
    const first = (chosen ?? reached[0])?.facts.primary?.ipv4;
    const wayOut = await wayTo(first);
    const around = { wayOut, options, progress, ledger, limit, limitAt: startedAt + TIME_MS };
    const nat = await natFacts(chosen, around);
    const facts: Facts = {
      servers: reached.map(({ facts }) => facts),
      asked: chosen?.facts,
      wayOut,
      isPortChosen: options.port !== 0,
      ...nat,
      ...(await host),
    };
    return { facts, sent: ledger.entries(), ms: performance.now() - startedAt };
  } finally {
    for (const solicitor of solicitors) solicitor.close();
  }
}

type Around = Pick<NatQuestions, 'progress' | 'ledger' | 'limit' | 'limitAt'> & {
  readonly wayOut: Facts['wayOut'];
  readonly options: DiagnosisOptions;
};

async function natFacts(chosen: Reached | undefined, { wayOut, options, ...around }: Around): Promise<NatFacts> {
  const way = typeof wayOut === 'object' ? wayOut : undefined;
  const router = way?.gateway === undefined ? undefined : { gateway: way.gateway, local: way.local };
  if (chosen?.solicitor === undefined)
    return { ...noNatFacts('no server answered'), router, servicePort: options.port };
  const { solicitor, via, facts } = chosen;
  return questionNat({
    ...around,
    solicitor,
    via,
    facts,
    router,
    linkMtu: way?.mtu,
    security: options.security,
    port: options.port,
    ownInterface: options.ownInterface,
    long: options.long,
    stopped: options.stopped,
  });
}

async function wayTo(ipv4: number | undefined): Promise<WayOut | undefined | 'no ip'> {
  if (ipv4 === undefined) return undefined;
  return wayOutTo(formatIpv4(ipv4)).catch(() => 'no ip' as const);
}

async function lookAtHost({
  ownInterface,
  stopped,
}: DiagnosisOptions): Promise<Pick<Facts, 'rules' | 'nativeIpv6' | 'managedNetwork'>> {
  const [rules, ipv6, managed] = await Promise.all([
    suspectRules(SERVER_PORT),
    nativeIpv6(ownInterface),
    managedNetwork(stopped),
  ]);
  return { rules, nativeIpv6: ipv6, managedNetwork: managed };
}
