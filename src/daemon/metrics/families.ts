import { caseName, casesOf } from '../../roles/case.ts';
import { Drop, dropName } from '../../roles/drop.ts';
import type { LimitUse, RoleStatus, State, Status } from '../status/status.ts';

/** One value of a family; the labels are in the order of its `labels`. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
}

/** A metric as it is documented and filled. Names, labels and meanings are stable. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (status: Status) => readonly Sample[];
}

const STATES: readonly State[] = [
  'offline',
  'dormant',
  'probe (primary server)',
  'probe (secondary server)',
  'qualified',
  'online',
  'draining',
];
const DROPS = Object.values(Drop).map(dropName);

/** Everything that is measured. Totals begin anew with the roles, as Prometheus expects of a restart. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'teredo_build_info',
    type: 'gauge',
    help: 'Always 1: which version runs, on which Node.',
    labels: ['version', 'node'],
    samples: ({ process }) => [{ labels: [process.version, process.node], value: 1 }],
  },
  {
    name: 'teredo_well',
    type: 'gauge',
    help: '1: every role does its work, or rests as it should; what /readyz answers by.',
    labels: [],
    samples: ({ isWell }) => [{ labels: [], value: Number(isWell) }],
  },
  {
    name: 'teredo_data_path_answers',
    type: 'gauge',
    help: '1: the thread that carries packets answers.',
    labels: [],
    samples: ({ dataPath }) => [{ labels: [], value: Number(dataPath.answers) }],
  },
  {
    name: 'teredo_process_seconds',
    type: 'gauge',
    help: 'How long the process runs.',
    labels: [],
    samples: ({ process }) => [{ labels: [], value: process.forMs / 1_000 }],
  },
  {
    name: 'teredo_state',
    type: 'gauge',
    help: '1 for the state that a role is in, 0 for every other one.',
    labels: ['role', 'state'],
    samples: ({ roles }) =>
      roles.flatMap(({ role, state }) =>
        STATES.map((each) => ({ labels: [role, each], value: Number(each === state) })),
      ),
  },
  ofRole('teredo_state_seconds', 'gauge', 'How long a role is in its state.', ({ forMs }) => forMs / 1_000),
  ofRole('teredo_datagrams_received_total', 'counter', 'UDP datagrams from the IPv4 side.', (role) => {
    return role.counters.datagramsReceived;
  }),
  ofRole('teredo_datagram_octets_received_total', 'counter', 'Octets of UDP payload from the IPv4 side.', (role) => {
    return role.counters.datagramOctetsReceived;
  }),
  ofRole('teredo_datagrams_sent_total', 'counter', 'UDP datagrams to the IPv4 side, bubbles included.', (role) => {
    return role.counters.datagramsSent;
  }),
  ofRole('teredo_datagram_octets_sent_total', 'counter', 'Octets of UDP payload to the IPv4 side.', (role) => {
    return role.counters.datagramOctetsSent;
  }),
  ofRole('teredo_packets_received_total', 'counter', 'IPv6 packets from the IPv6 side.', (role) => {
    return role.counters.packetsReceived;
  }),
  ofRole('teredo_packet_octets_received_total', 'counter', 'Octets of IPv6 packets from the IPv6 side.', (role) => {
    return role.counters.packetOctetsReceived;
  }),
  ofRole('teredo_packets_sent_total', 'counter', 'IPv6 packets to the IPv6 side.', (role) => role.counters.packetsSent),
  ofRole('teredo_packet_octets_sent_total', 'counter', 'Octets of IPv6 packets to the IPv6 side.', (role) => {
    return role.counters.packetOctetsSent;
  }),
  ofRole(
    'teredo_datagrams_refused_total',
    'counter',
    'Datagrams never given to the kernel: port 0, or no socket.',
    (role) => {
      return role.counters.datagramsRefused;
    },
  ),
  ofRole(
    'teredo_datagrams_congested_total',
    'counter',
    'Datagrams dropped for a congestion mark (RFC 6040).',
    (role) => {
      return role.counters.datagramsCongested;
    },
  ),
  ofRole(
    'teredo_datagrams_overflowed_total',
    'counter',
    'Datagrams that the kernel dropped because its receive buffer was full.',
    (role) => {
      return role.counters.datagramsOverflowed;
    },
  ),
  ofRole('teredo_faults_total', 'counter', 'Mistakes of our own that were survived; please report them.', (role) => {
    return role.counters.faults;
  }),
  {
    name: 'teredo_drops_total',
    type: 'counter',
    help: 'Packets that ended here, by reason; "consumed" are bubbles that did their work.',
    labels: ['role', 'reason'],
    samples: ({ roles }) =>
      roles.flatMap(({ role, drops }) =>
        DROPS.map((reason) => ({ labels: [role, reason], value: drops[reason] ?? 0 })),
      ),
  },
  {
    name: 'teredo_cases_total',
    type: 'counter',
    help: 'What went as the RFCs have it, by case; what did not is in teredo_drops_total.',
    labels: ['role', 'case'],
    samples: ({ roles }) =>
      roles.flatMap(({ role, cases }) =>
        casesOf(role).map((each) => ({ labels: [role, caseName(each)], value: cases[caseName(each)] ?? 0 })),
      ),
  },
  {
    name: 'teredo_system_errors_total',
    type: 'counter',
    help: 'What the system refused, by the name of the error.',
    labels: ['role', 'error'],
    samples: ({ roles }) =>
      roles.flatMap(({ role, errors }) =>
        Object.entries(errors).map(([error, value]) => ({ labels: [role, error], value })),
      ),
  },
  ofLimit(
    'teredo_limit_size',
    'gauge',
    'Size of a limit: buckets of a rate, places of a table or a queue.',
    ({ max }) => max,
  ),
  ofLimit(
    'teredo_limit_in_use',
    'gauge',
    'How much of a limit is in use; of "peers": the peers that are known.',
    (limit) => {
      return limit.inUse;
    },
  ),
  ofLimit(
    'teredo_limit_bit_total',
    'counter',
    'Times that a limit refused something, or put something out.',
    (limit) => {
      return limit.bit;
    },
  ),
];

function ofRole(name: string, type: Family['type'], help: string, value: (role: RoleStatus) => number): Family {
  const samples = ({ roles }: Status) => roles.map((role) => ({ labels: [role.role], value: value(role) }));
  return { name, type, help, labels: ['role'], samples };
}

function ofLimit(name: string, type: Family['type'], help: string, value: (limit: LimitUse) => number): Family {
  const samples = ({ roles }: Status) =>
    roles.flatMap(({ role, limits }) =>
      (limits ?? []).map((limit) => ({ labels: [role, limit.name], value: value(limit) })),
    );
  return { name, type, help, labels: ['role', 'limit'], samples };
}
