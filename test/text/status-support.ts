import type { RoleStatus, Status } from '../../src/daemon/status/status.ts';

/** A qualified client, complete; each test says what is different. */
export function clientStatus(differences: Partial<RoleStatus> = {}): RoleStatus {
  const server = { name: 'teredo.example', address: '203.0.113.1', secondary: '203.0.113.2' };
  return {
    role: 'client',
    type: 'client',
    state: 'qualified',
    since: '2026-11-23T12:00:00.000Z',
    forMs: 61_000,
    error: null,
    interface: 'teredo',
    port: 52_865,
    clientPort: null,
    refreshIntervalMs: 30_000,
    network: 'unmanaged',
    server,
    servers: [server],
    listens: [],
    address: '2001:0:cb00:7101:25:b6a5:399b:9bf8',
    mtu: 1280,
    mapping: { local: '192.0.2.10:52865', external: '198.51.100.7:18778' },
    nat: {
      type: 'port-restricted',
      mapping: 'endpoint-independent',
      filtering: 'address-and-port-dependent',
      portAllocation: 'random',
      hairpinning: 'no',
      mappingLifetime: { outlivesRefresh: 'unknown', reason: 'not measured unless asked for' },
    },
    portMapping: { state: 'none', reason: 'router 192.0.2.254 offers none (PCP, NAT-PMP and UPnP are silent)' },
    announcement: null,
    offloads: ['tso', 'gro'],
    checksums: 'SIMD',
    counters: {
      datagramsReceived: 1_234,
      datagramOctetsReceived: 1_500_000,
      datagramsSent: 56,
      datagramOctetsSent: 7_800,
      datagramsRefused: 0,
      datagramsCongested: 0,
      datagramsOverflowed: 0,
      packetsReceived: 50,
      packetOctetsReceived: 6_000,
      packetsSent: 1_200,
      packetOctetsSent: 1_400_000,
      faults: 0,
    },
    cases: { 'direct bubbles sent': 7 },
    drops: { 'unknown peer': 3, 'rate limited': 12_000 },
    errors: {},
    limits: [
      { name: 'peers', kind: 'table', unit: 'peers', max: 1_048_576, inUse: 3, bit: 0 },
      {
        name: 'answers-per-address',
        kind: 'rate',
        unit: 'addresses',
        max: 256,
        inUse: 1,
        bit: 12_000,
        perSecond: 10,
        burst: 20,
      },
      { name: 'waiting-packets', kind: 'queue', unit: 'octets', max: 4_194_304, inUse: 0, bit: 0 },
    ],
    ...differences,
  };
}

export function statusOf(...roles: readonly RoleStatus[]): Status {
  return {
    schemaVersion: 1,
    verdict: `Client qualified: this host has the IPv6 address ${roles[0]?.address ?? 'unknown'}.`,
    isWell: true,
    process: {
      pid: 4711,
      version: '0.1.0',
      node: 'v20.19.0',
      startedAt: '2026-11-23T11:59:00.000Z',
      forMs: 121_000,
    },
    web: null,
    dataPath: { answers: true },
    roles,
    warnings: [],
  };
}
