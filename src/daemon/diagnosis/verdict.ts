import { formatIpv4 } from '../../wire/text.ts';
import { answers, answersAtBoth, type Facts, type ServerFacts } from './facts.ts';
import { doubleNat, isDirect, isSymmetric, localFirewall, vpn } from './findings.ts';
import type { Rule } from './rules.ts';
import * as rules from './rules.ts';

/** Codes are stable, sentences are for people. */
export interface Verdict {
  readonly code: string;
  /** Whether Teredo works: with everybody; with some peers only; not at all. */
  readonly works: 'yes' | 'partly' | 'no';
  readonly text: string;
  /** Why; empty when there is nothing to explain. */
  readonly cause: string;
  /** What to do; empty when nothing is wrong. */
  readonly next: string;
  /** What to change for it, to the letter; any one of them is enough unless `next` says otherwise. */
  readonly rules: readonly Rule[];
}

/** Judges what was found out. Pure: the same facts, the same verdict. */
export function judge(facts: Facts): Verdict {
  const [first, ...others] = facts.servers;
  if (answersAtBoth(first!)) return judgeNat(facts);
  const better = others.find(answersAtBoth);
  const trouble = judgeServer(first!, facts);
  if (better === undefined) return trouble;
  // Another server answers, so the network is not to blame.
  return {
    ...trouble,
    next: `use ${better.name}, which answers at both its addresses: "teredo client ${better.name}"`,
    rules: [],
  };
}

// ---- The server, and the way to it ---------------------------------------------------------------------------------

function judgeServer(server: ServerFacts, facts: Facts): Verdict {
  if (server.nameError !== undefined) {
    return off('TD-DIAGNOSE-SERVER-NAME', `The server ${server.name} cannot be found`, {
      cause: server.nameError,
      next: 'check the name and the name service, or give the IPv4 address of the server',
    });
  }
  const { primary, secondary } = server;
  if (primary?.outcome === 'rejected' || secondary?.outcome === 'rejected') {
    return off('TD-DIAGNOSE-KEY-REJECTED', 'The server does not take the secret', {
      cause: `${server.name} says that the secret of this identifier is no longer good`,
      next: 'ask who runs the server for the right secret',
    });
  }
  if (answers(primary) || answers(secondary)) return judgeHalf(server);
  return judgeSilence(server, facts);
}

/** Clients need both addresses (RFC 4380 §5.2.1). */
function judgeHalf({ name, primary, secondary }: ServerFacts): Verdict {
  const [alive, dead] = answers(primary) ? [primary!, secondary!] : [secondary!, primary!];
  const isSecond = dead === secondary;
  return off('TD-DIAGNOSE-SERVER-HALF-DEAD', `The server ${name} answers at one of its two addresses only`, {
    cause: `${formatIpv4(alive.ipv4)} answers, ${formatIpv4(dead.ipv4)} does not; a client needs both`,
    next: isSecond
      ? `use another server, or name its second address if it is not ${formatIpv4(dead.ipv4)} ("--server2 ADDRESS")`
      : 'use another server',
    rules: [rules.serverAddress(dead.ipv4)],
  });
}

function judgeSilence(server: ServerFacts, facts: Facts): Verdict {
  const { primary, name } = server;
  const { wayOut, servers } = facts;
  const target = formatIpv4(primary!.ipv4);
  if (wayOut === undefined || primary!.sendError === 'ENETUNREACH' || primary!.sendError === 'EHOSTUNREACH') {
    return off('TD-DIAGNOSE-NO-ROUTE', 'This host has no route to the server', {
      cause: `the kernel knows no way to ${target}`,
      next: `bring the network up; "ip route get ${target}" tells when it is there`,
    });
  }
  const firewall = localFirewall(facts);
  if (firewall.value === 'yes') {
    return off('TD-DIAGNOSE-LOCAL-FIREWALL', 'A firewall on this host keeps Teredo from the network', {
      cause: firewall.detail ?? '',
      next: 'let UDP pass there',
      rules: rules.localFirewall(facts.rules),
    });
  }
  if (servers.some((other) => other !== server && (answers(other.primary) || answers(other.secondary)))) {
    return off('TD-DIAGNOSE-SERVER-UNREACHABLE', `The server ${name} cannot be reached by UDP`, {
      cause: 'another server answers, so that the network lets Teredo pass: this server is down',
      next: 'use another server',
    });
  }
  return judgeBlock(server, facts, target);
}

/** Nobody answers: what else of the server's host answers tells how much is blocked. */
function judgeBlock({ name, primary, secondary }: ServerFacts, facts: Facts, target: string): Verdict {
  const knocks = [primary?.knocks, secondary?.knocks].flatMap((one) => one ?? []);
  const tunnel = vpn(facts);
  const alsoVpn = tunnel.value === 'yes' ? `; ${tunnel.detail}, which may carry no UDP` : '';
  if (knocks.some(({ service }) => service === 'answered')) {
    return off('TD-DIAGNOSE-NO-SERVER', `No Teredo server runs at ${name}`, {
      cause: `${target} says that nobody listens on UDP port 3544`,
      next: 'check the address, start the server, or use another one',
    });
  }
  if (knocks.some(({ otherUdp }) => otherUdp === 'answered')) {
    return off('TD-DIAGNOSE-3544-BLOCKED', 'The server cannot be reached by UDP: port 3544 is blocked', {
      cause:
        `other UDP ports of ${target} are reached, port 3544 is silent: what goes there is dropped on the way${alsoVpn}; ` +
        'or the server wants a secret, for then it answers nobody without the right one',
      next: 'check --identifier and --secret-file if the server wants a secret; else let UDP port 3544 out, and the answers in',
      rules: rules.letOut([primary!.ipv4, secondary!.ipv4], 'port 3544', facts),
    });
  }
  if (knocks.some(({ tcp }) => tcp === 'answered')) {
    return off('TD-DIAGNOSE-UDP-BLOCKED', 'The server cannot be reached by UDP: all UDP is blocked', {
      cause: `${target} is reached by TCP, but UDP to none of its ports comes back${alsoVpn}`,
      next: 'let UDP out, and the answers in',
      rules: rules.letOut([primary!.ipv4, secondary!.ipv4], 'all', facts),
    });
  }
  return off('TD-DIAGNOSE-NO-ANSWER', 'The server cannot be reached by UDP', {
    cause: `nothing at all comes back from ${target}: the server is down, or something on the way drops what goes there${alsoVpn}`,
    next: 'name a second server, which tells the one from the other ("teredo diagnose SERVER OTHER"); let UDP port 3544 out',
    rules: rules.letOut([primary!.ipv4, secondary!.ipv4], 'port 3544', facts),
  });
}

function off(code: string, text: string, rest: Partial<Verdict>): Verdict {
  return { code, works: 'no', text, cause: '', next: '', rules: [], ...rest };
}

// ---- The NAT -------------------------------------------------------------------------------------------------------

/** The server answers; docs/nat-matrix.md says who reaches whom from behind which NAT. */
function judgeNat(facts: Facts): Verdict {
  const { client, open, openByMapping } = facts;
  if (client?.qualified === undefined) {
    return off('TD-DIAGNOSE-NOT-QUALIFIED', 'The server answers, but a client does not qualify', {
      cause: client?.offLine ?? 'the answers came too late or not at all',
      next: 'run it again; if it stays so, datagrams are lost: try another server',
    });
  }
  if (isSymmetric(facts)) return judgeSymmetric(facts);
  if (open.value === 'yes') return fine('');
  if (openByMapping.value === 'yes') return fine('the router maps the port of a client on request');
  return client.nat === 'address-restricted' ? fine('') : judgeRestricted(facts);
}

function fine(cause: string): Verdict {
  return {
    code: 'TD-DIAGNOSE-WORKS',
    works: 'yes',
    text: 'Teredo works here, peers behind symmetric NATs included',
    cause,
    next: '',
    rules: [],
  };
}

function judgeRestricted(facts: Facts): Verdict {
  const cause = isDirect(facts)
    ? 'a firewall in front of this host lets in only whom this host wrote to'
    : 'the NAT lets in only whom this host wrote to, and so do symmetric NATs, at a port that nobody can know';
  return {
    code: 'TD-DIAGNOSE-NO-SYMMETRIC-PEERS',
    works: 'partly',
    text: 'Teredo works here, but peers behind symmetric NATs cannot be reached',
    ...opening(facts, cause),
  };
}

function judgeSymmetric(facts: Facts): Verdict {
  const isRandom = facts.client?.behaviour?.portAllocation === 'random';
  return {
    code: 'TD-DIAGNOSE-SYMMETRIC',
    works: 'partly',
    text: isRandom
      ? 'Teredo works here, but only peers behind cone and address-restricted NATs can be reached'
      : 'Teredo works here, but peers behind symmetric NATs mostly cannot be reached',
    ...opening(facts, 'the NAT is symmetric: it shows this host under another port to each peer'),
  };
}

/** What opens the service port to everybody. */
function opening(facts: Facts, cause: string): Pick<Verdict, 'cause' | 'next' | 'rules'> {
  const port = rules.portToOpen(facts);
  const then = `then run "teredo client ${facts.asked?.name ?? 'SERVER'} --port ${port}"`;
  const double = doubleNat(facts);
  if (double.value === 'yes') {
    return {
      cause: `${cause}; and there is a second NAT: ${double.detail}, so that a port it maps is not open`,
      next: `forward a UDP port of the outer NAT to the router, or make the router a bridge; ${then}`,
      rules: rules.forwardByOuter(facts, port),
    };
  }
  if (isDirect(facts)) return { cause, next: `let UDP port ${port} in; ${then}`, rules: rules.letIn(port) };
  return {
    cause,
    next: isSymmetric(facts)
      ? `forward a UDP port to this host, and let it keep its number on the way out; ${then}`
      : `forward a UDP port to this host, or switch on PCP, NAT-PMP or UPnP in the router; ${then}`,
    rules: rules.forward(facts, port, isSymmetric(facts)),
  };
}
