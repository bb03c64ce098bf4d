import * as z from 'zod';
import { OFFLOADS } from '../../io/linux/offloads.ts';
import { REFRESH_INTERVAL_MS, RELAY_PORT } from '../../roles/constants.ts';
import { contactLimits } from '../../roles/contacts.ts';
import { relayDefaults } from '../../roles/relay/relay.ts';
import { serverDefaults } from '../../roles/server/server.ts';
import {
  formed,
  list,
  number,
  numberIfAny,
  oneOf,
  oneOfIfAny,
  programIfAny,
  type Range,
  someOf,
  textIfAny,
  yesNo,
} from './kinds.ts';
import { EXTENSION_NAMES, HOOK_TIME_LIMIT_S, LOG_LEVELS, PUBLIC_SERVER, ROLES } from './names.ts';
import {
  objectToIdentifier,
  objectToInterface,
  objectToIpv4,
  objectToListen,
  objectToPageListen,
  objectToPath,
  objectToProgram,
  objectToServer,
  objectToTeredo,
} from './values.ts';

const port: Range = { least: 0, most: 65_535, what: 'a UDP port' };
const fixedPort: Range = { ...port, least: 1 };
const seconds = (least: number, most: number): Range => ({ least, most, what: 'a number of seconds' });
const count = (what: string, least = 1, most = 10_000_000): Range => ({ least, most, what });
const S = { unit: 's' } as const;
const PER_SECOND = { unit: 'per second', live: true } as const;

const account = (what: string) =>
  formed(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/, `the name of a ${what}`, `name a ${what} of this host`);
const domain = formed(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\.?$/, 'a domain', 'for instance corp.example');
const program = { live: true, otherwise: 'none' } as const;

const client = z.strictObject({
  servers: list([PUBLIC_SERVER], 16, objectToServer, 'Teredo servers, names or IPv4 addresses, the best first.', {
    live: true,
  }),
  server_secondary: textIfAny(objectToIpv4, 'The second IPv4 address of the first server.', {
    otherwise: 'the address after the first',
  }),
  type: oneOf(
    'client',
    ['client', 'enterpriseclient', 'natawareclient'],
    'a type of client',
    'As Windows has it: "client" stays off in a managed network, "enterpriseclient" does not.',
  ),
  port: number(0, port, 'The UDP port on this host; 0: the kernel chooses.'),
  refresh_interval: number(
    REFRESH_INTERVAL_MS / 1_000,
    seconds(5, 600),
    'How often the mapping in the NAT is kept alive (RFC 4380 §5.2).',
    { ...S, live: true },
  ),
  find_refresh_interval: yesNo(false, 'Find out how long the NAT keeps a mapping (RFC 4380 §5.2.7).'),
  on_demand: yesNo(false, 'Stay dormant until a packet wants to leave; false: qualify at the start.'),
  idle_time: number(
    3_600,
    seconds(10, 604_800),
    'On demand: without packets for so long, the client is dormant again.',
    S,
  ),
  even_with_ipv6: yesNo(false, 'Run although this host reaches the IPv6 Internet without Teredo (RFC 4380 §5.5).'),
  local_discovery: yesNo(true, 'Look for other clients on the same link by multicast (RFC 4380 §5.2.8).'),
  nat_identification: yesNo(true, 'Find out how the NAT filters, with a second socket.'),
  port_mapping: yesNo(true, 'Ask the router to map the UDP port, by PCP, NAT-PMP or UPnP.'),
  without: someOf([], EXTENSION_NAMES, 'an extension', 'Extensions of RFC 6081 to leave out.'),
  identifier: textIfAny(
    objectToIdentifier,
    'The client identifier for secure qualification (RFC 4380 §5.2.2), as text or hex:...',
    { otherwise: 'not authenticated' },
  ),
  secret_file: textIfAny(objectToPath, 'A file with the secret for the identifier in its first line.', {
    otherwise: 'none',
  }),
  domain: textIfAny(domain, 'The domain whose controllers make a network a managed one.', {
    otherwise: 'the domain this host has joined',
  }),
});

const server = z.strictObject({
  ipv4: textIfAny(objectToIpv4, 'The first public IPv4 address of this host; a server needs it.', {
    otherwise: 'none',
  }),
  ipv4_secondary: textIfAny(objectToIpv4, 'The second one.', { otherwise: 'the address after the first' }),
  virtual_ip: textIfAny(
    objectToIpv4,
    'The address that several servers share behind a load balancer: clients know them by it, in place of ipv4. Each of them has it, and the second one, on an interface.',
    {
      otherwise: 'none',
    },
  ),
  with_relay: yesNo(false, 'Be a relay too, on the first address.'),
  mtu: numberIfAny({ least: 1_280, most: 65_535, what: 'an MTU for IPv6' }, 'The MTU that is advertised to clients.', {
    unit: 'octets',
    otherwise: 'none is advertised, clients use 1280',
  }),
  secrets_file: textIfAny(
    objectToPath,
    'A file with lines of "IDENTIFIER SECRET": clients are asked to authenticate (RFC 4380 §5.2.2).',
    { otherwise: 'nobody is asked' },
  ),
  require_security: yesNo(true, 'With secrets_file: leave clients without authentication unanswered.'),
  advertisements_per_second: number(
    serverDefaults.advertisementsPerSecond,
    count('a number of answers in a second'),
    'Answers for one IPv4 address, a whole NAT included; twice as many at once.',
    PER_SECOND,
  ),
});

const relay = z.strictObject({
  ipv4: textIfAny(objectToIpv4, 'The IPv4 address of this host to use.', { otherwise: 'any' }),
  port: number(RELAY_PORT, fixedPort, 'The UDP port.'),
  behind_nat: yesNo(false, 'This host is itself behind a NAT: open it toward each client.'),
  announce: yesNo(false, 'Have the route that a routing daemon announces only while tests pass.'),
  announce_probes: list(
    [],
    16,
    objectToTeredo,
    'Teredo addresses of clients; with any, one of them must answer an echo through the tunnel.',
  ),
  announce_interval: number(5, seconds(1, 300), 'From one test to the next.', S),
  announce_rise: number(3, count('a number of tests', 1, 100), 'Tests in a row that must pass before announcing.', {
    unit: 'tests',
  }),
  announce_fall: number(3, count('a number of tests', 1, 100), 'Tests in a row that must fail before withdrawing.', {
    unit: 'tests',
  }),
  announce_hold: number(30, seconds(0, 3_600), 'After a withdrawal, no announcing for so long.', S),
});

const limits = z.strictObject({
  peers: number(contactLimits.peersMax, count('a number of peers', 16, 1 << 24), 'Peers that are remembered.'),
  untrusted_peers: number(
    contactLimits.untrustedPeersMax,
    count('a number of peers', 1, 1 << 24),
    'Of these, peers that have not proved themselves.',
  ),
  queued_packets: number(
    contactLimits.queuedPacketsMax,
    count('a number of packets', 1, 64),
    'Packets that wait for one peer to answer.',
  ),
  queued_octets_per_peer: number(
    contactLimits.queuedOctetsPerPeerMax,
    count('a number of octets', 1_280, 1 << 20),
    'Their octets.',
    { unit: 'octets' },
  ),
  queued_octets: number(
    contactLimits.queuedOctetsMax,
    count('a number of octets', 1_280, 1 << 30),
    'Octets that wait for all peers together.',
    { unit: 'octets' },
  ),
  forwarded_per_second: number(
    serverDefaults.forwardedPerSecond,
    count('a number of datagrams in a second'),
    'Server: bubbles and echoes toward one IPv4 address, and echoes from one; twice as many at once.',
    PER_SECOND,
  ),
  new_peers_per_second: number(
    relayDefaults.newPeersPerSecond,
    count('a number of peers in a second'),
    'Relay: peers that are asked for the first time; four times as many at once.',
    PER_SECOND,
  ),
  bubbles_per_second: number(
    relayDefaults.bubblesPerSecond,
    count('a number of bubbles in a second'),
    'Relay: bubbles toward one IPv4 address; four times as many at once.',
    PER_SECOND,
  ),
});

/**
 * Everything `teredo.toml` may say; each key with its default, bounds, unit and description.
 *
 * From here come the checks, the JSON Schema, the page of documentation and the names in the environment.
 */
export const schema = z.strictObject({
  role: oneOfIfAny(ROLES, 'a role', 'What this host is; the command names it, or this does for "teredo run".', {
    otherwise: 'what the command says',
  }),
  client: client.prefault({}),
  server: server.prefault({}),
  relay: relay.prefault({}),
  interface: z
    .strictObject({
      name: textIfAny(
        objectToInterface,
        'The name of the TUN interface. Of a server: reach native hosts through one.',
        {
          otherwise: 'teredo; a server alone has none',
        },
      ),
    })
    .prefault({}),
  control: z
    .strictObject({
      enabled: yesNo(true, 'Answer "teredo status" and its like, on a unix socket of mode 0660.'),
      socket: textIfAny(objectToPath, 'That socket.', { otherwise: '/run/teredo/INTERFACE.sock, or ROLE.sock' }),
      group: textIfAny(account('group'), 'The group of the socket: who may ask without root.', {
        otherwise: 'teredo, if there is one',
      }),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      listen: textIfAny(objectToListen, 'Where Prometheus finds metrics and health.', {
        otherwise: 'nowhere',
      }),
    })
    .prefault({}),
  web: z
    .strictObject({
      listen: textIfAny(objectToPageListen, 'Where a browser finds the dashboard; port 0: a free one.', {
        otherwise: 'nowhere',
      }),
      remote: yesNo(false, 'Let that be an address which others reach: over plain HTTP, they could read the token.'),
    })
    .prefault({}),
  hooks: z
    .strictObject({
      up: programIfAny(objectToProgram, 'A program to run when the client has an address.', program),
      down: programIfAny(objectToProgram, 'A program to run when it has lost it.', program),
      address_changed: programIfAny(objectToProgram, 'A program to run when it has another one.', program),
      client_hook: textIfAny(objectToProgram, 'A program that is called as Miredo calls its client-hook.', program),
      time_limit: number(HOOK_TIME_LIMIT_S, seconds(1, 600), 'A hook that runs longer is ended.', { ...S, live: true }),
    })
    .prefault({}),
  privileges: z
    .strictObject({
      user: textIfAny(account('user'), 'Whom root becomes once ports are open; "root": nobody else.', {
        otherwise: 'teredo, else nobody',
      }),
    })
    .prefault({}),
  state: z
    .strictObject({
      directory: textIfAny(objectToPath, 'Where what must survive a restart is kept.', {
        otherwise: '$STATE_DIRECTORY, or /var/lib/teredo',
      }),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: oneOf(
        'info',
        LOG_LEVELS,
        'a level',
        'The least weight that is logged; "debug" tells each peer, "events" are told whatever they weigh.',
        { live: true },
      ),
      format: oneOf(
        'text',
        ['text', 'json', 'events'],
        'a format',
        'For people, as lines of pino, or one object for each change as "--json" prints them. At most 60 entries of one kind a minute, changes of state apart.',
      ),
    })
    .prefault({}),
  limits: limits.prefault({}),
  data_path: z
    .strictObject({
      offloads: someOf(OFFLOADS, OFFLOADS, 'an offload', 'What of the kernel to use for speed.'),
    })
    .prefault({}),
});

/** Every value, as `teredo.toml` has them. */
export type Values = z.output<typeof schema>;
