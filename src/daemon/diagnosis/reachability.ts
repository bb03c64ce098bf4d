import { lookup } from 'node:dns/promises';
import { knockByTcp, knockByUdp } from '../../io/portable/knock.ts';
import { SERVER_PORT } from '../../roles/constants.ts';
import { formatEndpoint, formatIpv4, parseIpv4 } from '../../wire/text.ts';
import type { AddressFacts, AddressKnocks } from './facts.ts';
import type { Ledger } from './ledger.ts';
import type { Solicitor } from './solicitor.ts';

/** Ports that traceroute uses: hosts answer there with "nobody listens", as far as they answer strangers at all. */
const UNUSED_PORT = 33_434;
const REPEATS_AT_MS = [400, 1_000, 1_900];
const GIVE_UP_AT_MS = 3_200;
const KNOCK_MS = 1_500;
const NAME_MS = 3_000;

/** The IPv4 address of a server name, or in words why there is none. */
export async function resolveName(name: string): Promise<number | string> {
  const literal = parseIpv4(name);
  if (literal !== undefined) return literal;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`the name service gives no answer within ${NAME_MS / 1_000} s`), NAME_MS);
  });
  const asked = lookup(name, { family: 4 }).then(
    ({ address }) => parseIpv4(address) ?? `the name service says ${address}`,
    (error: NodeJS.ErrnoException) => {
      return error.code === 'ENOTFOUND'
        ? 'there is no such name'
        : `the name service says ${error.code ?? error.message}`;
    },
  );
  const found = await Promise.race([asked, late]);
  clearTimeout(timer);
  return found;
}

/** Solicits one address of a server from the local socket `via`; after silence, tries other ways to that address. */
export async function reach(solicitor: Solicitor, via: number, ipv4: number, ledger: Ledger): Promise<AddressFacts> {
  const refusals = solicitor.port.refusals;
  const outcome = await solicitor.ask({
    via,
    to: ipv4,
    coneBit: 0,
    repeatsAtMs: REPEATS_AT_MS,
    giveUpAtMs: GIVE_UP_AT_MS,
  });
  const sendError = outcome === 'silent' ? [...refusals.keys()][0] : undefined;
  if (outcome !== 'silent') return { ipv4, outcome, sendError };
  return { ipv4, outcome, sendError, knocks: await knock(ipv4, ledger) };
}

async function knock(ipv4: number, ledger: Ledger): Promise<AddressKnocks> {
  const address = formatIpv4(ipv4);
  ledger.note(formatEndpoint(ipv4, SERVER_PORT), 'empty datagrams, to hear of ICMP errors');
  ledger.note(formatEndpoint(ipv4, UNUSED_PORT), 'empty datagrams, to hear of ICMP errors');
  ledger.note(`${formatEndpoint(ipv4, SERVER_PORT)} (TCP)`, 'one attempt, closed at once');
  const [service, otherUdp, tcp] = await Promise.all([
    knockByUdp(address, SERVER_PORT, KNOCK_MS),
    knockByUdp(address, UNUSED_PORT, KNOCK_MS),
    knockByTcp(address, SERVER_PORT, KNOCK_MS),
  ]);
  return { service, otherUdp, tcp };
}
