import type { EchoSocket } from '../../io/linux/echo.ts';
import { forwardsIpv6, hostAddresses, interfaceTo } from '../../io/linux/host.ts';
import type { TunInterface } from '../../io/linux/interface.ts';
import { formatIpv4, parseIpv6 } from '../../wire/text.ts';
import type { AnnouncingRelay } from '../configuration/configuration.ts';
import type { Questions } from '../questions.ts';

/** One thing that must hold while a relay announces itself. */
export interface Check {
  /** What it looks at, for people. */
  readonly name: string;
  /** Undefined: it holds; otherwise what does not. Errors: whatever keeps it from looking counts as failure. */
  readonly look: () => Promise<string | undefined>;
}

/**
 * Addresses of three root name servers (K, F, M), which only the kernel's routes are asked about: nothing is sent. A
 * relay with a full table has no default route, and a default route may lead nowhere.
 */
const ELSEWHERE = ['2001:7fd::1', '2001:500:2f::f', '2001:dc3::35'];

/** A client that was not heard for long is asked by way of its server first, which takes two round trips more. */
const ECHO_PATIENCE_MS = 3_000;

/** What is looked at, quick things first. `echoes`: undefined when no clients are named that could answer. */
export function checksOf(
  relay: AnnouncingRelay,
  device: TunInterface,
  questions: Pick<Questions, 'ask'>,
  echoes: EchoSocket | undefined,
): readonly Check[] {
  const { announce, ipv4, interfaceName } = relay;
  const checks: Check[] = [
    { name: 'data path', look: () => dataPath(questions) },
    { name: 'IPv4 address', look: async () => address(ipv4) },
    { name: 'IPv6 forwarding', look: async () => forwarding() },
    { name: 'interface', look: () => asWanted(device) },
    { name: 'native route', look: () => nativeRoute(interfaceName) },
  ];
  if (echoes !== undefined) checks.push({ name: 'echo', look: () => anyEcho(announce.probes, echoes) });
  return checks;
}

/** Runs checks to the first that fails; undefined: all hold. */
export async function firstFailure(checks: readonly Check[]): Promise<string | undefined> {
  for (const { name, look } of checks) {
    const failure = await look().catch((error: unknown) => `${name}: ${(error as Error).message}`);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

async function dataPath(questions: Pick<Questions, 'ask'>): Promise<string | undefined> {
  await questions.ask({ type: 'ping' });
  return undefined;
}

/** A socket that is bound to an address is dead once the host has lost it. */
function address(ipv4: number): string | undefined {
  const found = hostAddresses().ipv4;
  if (ipv4 === 0) return found.length > 0 ? undefined : 'this host has no IPv4 address';
  const wanted = formatIpv4(ipv4);
  return found.some((one) => one.address === wanted) ? undefined : `this host has lost the address ${wanted}`;
}

function forwarding(): string | undefined {
  return forwardsIpv6() ? undefined : 'this host does not forward IPv6';
}

async function asWanted(device: TunInterface): Promise<string | undefined> {
  const missing = await device.mend(false);
  return missing.length === 0 ? undefined : `interface ${device.name} was changed from outside: ${missing[0]} is due`;
}

async function nativeRoute(interfaceName: string): Promise<string | undefined> {
  for (const destination of ELSEWHERE) {
    const leadsInto = await interfaceTo(destination);
    if (leadsInto !== undefined && leadsInto !== interfaceName && leadsInto !== 'lo') return undefined;
  }
  return 'this host has no route to the native IPv6 Internet';
}

/** One answer is enough: that a client is gone says nothing about the relay, unless all are. */
async function anyEcho(probes: readonly string[], echoes: EchoSocket): Promise<string | undefined> {
  const answers = await Promise.all(probes.map((probe) => echoes.ask(parseIpv6(probe)!, ECHO_PATIENCE_MS)));
  if (answers.includes(undefined)) return undefined;
  const whom = probes.length === 1 ? probes[0] : `any of ${probes.length} clients`;
  return `echo of ${whom} through the tunnel: ${answers[0]}`;
}
