import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PcapngWriter } from '../../src/capture/pcapng.ts';
import { runToEnd } from '../../src/lab/kernel/commands.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';
import { joined } from '../capture/files.ts';
import { udpPacket } from '../capture/udp-packet.ts';
import { ADDRESS_A, ALL, bytesOf, E1, E2, E3, E6, ipv4Of } from '../wire/examples.ts';

/** A solicitation whose authentication value of 20 octets is easy to find. */
const KEYED = `00010514${Buffer.from('alice').toString('hex')}${'cafe0123'.repeat(5)}010203040506070800${Buffer.from(bytesOf(E1)).toString('hex').slice(26)}`;

const teredo = (argv: readonly string[], input = '') => runToEnd([process.execPath, PROGRAM, ...argv], input);
const hexOf = (example: string) => Buffer.from(bytesOf(example)).toString('hex');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'teredo-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('an address', () => {
  test('is drawn octet by octet, with a verdict in the first line', async () => {
    const { status, stdout } = await teredo(['decode', ADDRESS_A]);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('A Teredo address: 192.0.2.45:40001 behind server 203.0.113.1');
    expect(lines[2]).toMatch(/20 01 00 00 +cb 00 71 01 +18 a5 +63 be +3f ff fd d2/);
    expect(lines[5]).toMatch(/2001:0::\/32 +203\.0\.113\.1 +0x18a5 +40001 +192\.0\.2\.45/);
    expect(stdout).toContain('flags   0 0 0110 0 0 10100101');
    expect(stdout).toContain('0x6a5, drawn by the client');
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(status).toBe(0);
  });

  test('without random bits is not said to have drawn any; several are decoded each', async () => {
    const { stdout } = await teredo(['decode', '2001:0:cb00:7101:0:63be:3fff:fdd2', ADDRESS_A]);
    expect(stdout).toContain('0x000: none drawn');
    expect(stdout.match(/^A Teredo address/gm)).toHaveLength(2);
  });

  test('nobody may send to says so', async () => {
    const { stdout } = await teredo(['decode', '2001:0:cb00:7101:c3a5:ffff:f5ff:fffe']);
    expect(stdout).toContain('mapped IPv4      not global unicast: nobody may send to it (RFC 4380 §5.2.4)');
    expect(stdout).toContain('mapped port      0: no datagram can be sent there');
    expect(stdout).toContain('z, U, G set');
    expect(stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
  });

  test('of something else: status 1', async () => {
    const { status, stdout } = await teredo(['decode', '2001:db8::1']);
    expect(stdout).toBe('2001:db8::1 is no Teredo address: it begins with 2001:db8, not with 2001:0\n');
    expect(status).toBe(1);
    const server = await teredo(['decode', 'fe80::8000:f227:34ff:8efe']);
    expect(server.stdout).toContain('the link-local address of the Teredo server 203.0.113.1');
  });

  test('as JSON', async () => {
    const { stdout } = await teredo(['decode', '--json', ADDRESS_A]);
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      type: 'address',
      address: ADDRESS_A,
      teredo: true,
      server: { ipv4: '203.0.113.1', globalUnicast: true },
      flags: { value: 0x18a5, cone: 0, z: 0, universal: 0, group: 0, random: 0x6a5 },
      mapped: { ipv4: '192.0.2.45', port: 40001, globalUnicast: true },
    });
  });
});

describe('a datagram', () => {
  test('is a tree within 80 columns, each example of the ledger', async () => {
    const { status, stdout } = await teredo(['decode', '-'], Object.values(ALL).map(hexOf).join('\n'));
    expect(stdout.match(/ octets {2}field\n/g)).toHaveLength(Object.keys(ALL).length);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(status).toBe(0);
  });

  test('hex may come in pieces, with colons, or within an IPv4 packet', async () => {
    const pieces = await teredo(['decode', ...hexOf(E1).match(/.{1,8}/g)!]);
    expect(pieces.stdout).toContain('RS, cone 0, nonce 0102030405060708');
    const packet = udpPacket(
      { ipv4: ipv4Of('192.0.2.45'), port: 40001 },
      { ipv4: ipv4Of('203.0.113.1'), port: 3544 },
      bytesOf(E1),
    );
    const wrapped = await teredo(['decode', Buffer.from(packet).toString('hex')]);
    expect(wrapped.stdout).toContain('In UDP over IPv4, 192.0.2.45:40001 > 203.0.113.1:3544');
    expect(wrapped.stdout).toContain('RS, cone 0, nonce 0102030405060708');
  });

  test('the authentication value is hidden unless asked for', async () => {
    const secret = 'c512bfedddad01ed3b9804be068c0771765ba6af';
    expect((await teredo(['decode', hexOf(E3)])).stdout).toContain('hidden, 20 octets');
    const { stdout } = await teredo(['decode', '--show-value', hexOf(E3)]);
    expect(stdout.replace(/\s/g, '')).toContain(secret);
  });

  test('that is none: status 1 and the reason', async () => {
    const { status, stdout } = await teredo(['decode', '68fd0100000100000000000008666f6f7462616c6c']);
    expect(stdout).toContain('No Teredo: truncated');
    expect(status).toBe(1);
  });

  test('many, a line each, from standard input', async () => {
    const { status, stdout } = await teredo(['decode', '--json', '-'], `${hexOf(E1)}\n\n${hexOf(E6)}\n`);
    const kinds = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).kind);
    expect([kinds, status]).toEqual([['router solicitation', 'bubble'], 0]);
  });
});

describe('a capture', () => {
  const CLIENT = { ipv4: ipv4Of('192.0.2.45'), port: 40001 };
  const SERVER = { ipv4: ipv4Of('203.0.113.1'), port: 3544 };
  const capture = () => {
    const blocks: Uint8Array[] = [];
    const writer = new PcapngWriter((block) => blocks.push(block));
    const wire = writer.addInterface({ name: 'wire' });
    writer.addName(Uint8Array.of(192, 0, 2, 45), 'Anna');
    writer.addPacket(wire, 1_000, udpPacket(CLIENT, SERVER, bytesOf(E1)));
    writer.addPacket(wire, 1_050, udpPacket(SERVER, CLIENT, bytesOf(E2)));
    writer.addPacket(
      wire,
      1_060,
      udpPacket({ ...CLIENT, port: 53 }, { ...SERVER, port: 53 }, bytesOf('6a120100000100000000000000')),
    );
    return joined(blocks);
  };
  const file = (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  test('is told client by client, look-alikes counted with the reason', async () => {
    const path = file('story.pcapng', capture());
    const { status, stdout } = await teredo(['decode', path]);
    expect(stdout).toMatch(/1 client, 2 Teredo datagrams in 3 frames, 1\s+look-alike\n/);
    expect(stdout).toContain('Anna, 192.0.2.45:40001\n');
    expect(stdout).toContain('NAT             none');
    expect(stdout).toContain('    0.050 router advertisement  server 203.0.113.1 > Anna\n');
    expect(stdout).toMatch(/Look-alikes, by what gives them away\n +1 {2}truncated/);
    expect(stdout).not.toContain('\u001b');
    expect(status).toBe(0);
  });

  test('as JSON, with every row', async () => {
    const { stdout } = await teredo(['decode', '--json', file('rows.pcapng', capture())]);
    const story = JSON.parse(stdout);
    expect(story.totals.lookAlikes).toEqual({ truncated: 1 });
    expect(story.clients).toEqual([
      expect.objectContaining({ name: 'Anna', mapped: '192.0.2.45:40001', nat: 'none', server: '203.0.113.1' }),
    ]);
    expect(story.rows).toEqual([
      expect.objectContaining({ frame: 1, atMs: 0, kind: 'router solicitation', client: 1, length: 61 }),
      expect.objectContaining({ frame: 2, atMs: 50, kind: 'router advertisement', client: 1, length: 117 }),
    ]);
  });

  test('as JSON, each row has its events by the names of Zeek and its fields by those of tshark', async () => {
    const path = file('fields.pcapng', capture());
    const rows = JSON.parse((await teredo(['decode', '--json', path])).stdout).rows;
    expect(rows[0].zeek).toEqual(['teredo_packet', 'teredo_authentication']);
    expect(rows[1].zeek).toEqual(['teredo_packet', 'teredo_authentication', 'teredo_origin_indication']);
    expect(rows[1].fields).toMatchObject({
      'ip.src': '203.0.113.1',
      'udp.dstport': 40001,
      'teredo.orig.addr': '192.0.2.45',
      'teredo.orig.port': 40001,
      'icmpv6.type': 134,
    });
    // With --all the rows leave as they are read, and are the same.
    const streamed = await teredo(['decode', '--json', '--all', path]);
    expect(JSON.parse(streamed.stdout).rows).toEqual(rows);
    expect(streamed.status).toBe(0);
  });

  test('as JSON, authentication values stay hidden', async () => {
    const blocks: Uint8Array[] = [];
    const writer = new PcapngWriter((block) => blocks.push(block));
    const keyed = bytesOf(KEYED);
    writer.addPacket(writer.addInterface({ name: 'wire' }), 0, udpPacket(CLIENT, SERVER, keyed));
    const { stdout } = await teredo(['decode', '--json', file('keyed.pcapng', joined(blocks))]);
    expect(JSON.parse(stdout).rows[0].fields['teredo.auth.value']).toMatch(/hidden/);
    expect(stdout).not.toContain('cafe0123');
  });

  test('cut short: what is there is told, then where it ends; status 1', async () => {
    const { status, stdout } = await teredo(['decode', file('cut.pcapng', capture().slice(0, -40))]);
    expect(stdout).toMatch(
      /The file is not whole: the file ends within a block, \d+ octets into it\s+\(at\s+octet \d+/,
    );
    expect(stdout).toContain('router advertisement');
    expect(status).toBe(1);
  });

  test('without Teredo: status 1', async () => {
    const blocks: Uint8Array[] = [];
    new PcapngWriter((block) => blocks.push(block)).addInterface({ name: 'empty' });
    const { status, stdout } = await teredo(['decode', file('none.pcapng', joined(blocks))]);
    expect([status, stdout]).toEqual([1, expect.stringContaining('no Teredo in 0 frames')]);
  });

  test('on standard input, or by a pipe', async () => {
    const path = file('piped.pcapng', capture());
    for (const shell of ['"$0" "$1" decode - < "$2"', 'bash -c \'"$0" "$1" decode <(cat "$2")\' "$0" "$1" "$2"']) {
      const { status, stdout } = await runToEnd(['sh', '-c', shell, process.execPath, PROGRAM, path]);
      expect(stdout).toMatch(/1 client, 2 Teredo datagrams in 3 frames/);
      expect(status).toBe(0);
    }
  });

  test('names in it cannot reach the terminal raw', async () => {
    const blocks: Uint8Array[] = [];
    const writer = new PcapngWriter((block) => blocks.push(block));
    writer.addName(Uint8Array.of(192, 0, 2, 45), '\u001b[2JAnna');
    writer.addPacket(writer.addInterface({ name: 'wire' }), 1_000, udpPacket(CLIENT, SERVER, bytesOf(E1)));
    const { stdout } = await teredo(['decode', file('names.pcapng', joined(blocks))]);
    expect(stdout).toContain('\\x1b[2JAnna');
    expect(stdout).not.toContain('\u001b');
  });

  test('that cannot be read: a code and status 3, no stack', async () => {
    const { status, stderr } = await teredo(['decode', '/proc/self/mem']);
    expect(stderr).toContain('/proc/self/mem: i/o error\n  code: TD-READ');
    expect(status).toBe(3);
  });

  test('packed by gzip, or full of zeros', async () => {
    const packed = await teredo(['decode', file('packed.pcap.gz', Uint8Array.of(0x1f, 0x8b, 8, 0, 0))]);
    expect(packed.stderr).toContain('next: unpack it first ("gunzip');
    const zeros = new Uint8Array(1 << 20);
    zeros.set([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
    const empty = await teredo(['decode', file('zeros.pcap', zeros)]);
    expect(empty.stderr).toContain('zeros where a packet record should be');
    expect([packed.status, empty.status]).toEqual([2, 2]);
  });

  test('that is no capture: status 2', async () => {
    const { status, stderr } = await teredo(['decode', file('text.pcap', new TextEncoder().encode('hello world'))]);
    expect(stderr).toContain('not a capture file: it begins with 68 65 6c 6c');
    expect(status).toBe(2);
  });
});

test.each([
  [['nowhere.pcap'], 'there is no such file', 'check the path'],
  [['/'], 'is not a file', 'name a pcap or pcapng file'],
  [['abc'], 'an odd number of hex digits', 'see "bin/teredo decode --help"'],
  [['2001:0:1::2::3'], 'not a whole IPv6 address', 'see "bin/teredo decode --help"'],
  [['hello'], 'neither an IPv6 address, nor hex digits, nor a file', 'see "bin/teredo decode --help"'],
  [['-'], 'standard input is empty', 'write one datagram a line, as hex'],
])('%j: status 2, with value, reason and fix', async (argv, reason, fix) => {
  const { status, stderr } = await teredo(['decode', ...argv]);
  expect(stderr).toContain(reason);
  expect(stderr).toContain(`next: ${fix}`);
  expect(status).toBe(2);
});
