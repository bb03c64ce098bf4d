/** What the benchmark reads from the kernel and from other programs, and the load that it writes itself. */
import { describe, expect, test } from 'vitest';
import { cpuTime, parseParent, parseResidentSize, processTree } from '../../bench/cpu.ts';
import { datagrams, parseCounter } from '../../bench/load/counter.ts';
import { solicitations } from '../../bench/load/solicitations.ts';
import { parseTimes } from '../../bench/measures/round-trip.ts';
import { parseFirstReply } from '../../bench/measures/start-up.ts';
import { parseThroughput } from '../../bench/measures/tcp.ts';
import { parse } from '../../src/wire/encapsulation.ts';
import * as routerSolicitation from '../../src/wire/router-solicitation.ts';
import { describeWith } from '../support/capabilities.ts';

describeWith(['Linux'], 'the kernel of this machine', () => {
  test('the CPU clock of a process counts what it does', () => {
    const before = cpuTime([process.pid]);
    const usage = process.cpuUsage();
    let sum = 0;
    for (let i = 0; i < 5_000_000; i++) sum += Math.sqrt(i);
    expect(sum).toBeGreaterThan(0);
    const spent = process.cpuUsage(usage);
    // Asked first and last, it saw all that getrusage(2) saw; the two round differently.
    expect(cpuTime([process.pid]) - before).toBeGreaterThanOrEqual(1000 * (spent.user + spent.system) - 20e6);
    expect(() => cpuTime([2 ** 22 + 1])).toThrow('no CPU clock');
  });

  test('the tree of a process begins with itself, and its parent has it', () => {
    expect(processTree(process.pid)[0]).toBe(process.pid);
    expect(processTree(process.ppid)).toContain(process.pid);
  });
});

describe('the kernel', () => {
  test('proc_pid_stat(5): the parent stands behind a name that may hold anything', () => {
    expect(parseParent('4711 (a (b) c) S 42 4711 4711 0 -1 4194304')).toBe(42);
  });

  test('proc_pid_status(5): VmRSS is in units of 1024 octets', () => {
    expect(parseResidentSize('Name:\tnode\nVmHWM:\t   99 kB\nVmRSS:\t   74000 kB\n')).toBe(75_776_000);
    expect(() => parseResidentSize('Name:\tkthreadd\n')).toThrow('no VmRSS');
  });

  test('nft counts a buffer of the kernel once, however many datagrams it holds', () => {
    const text = '{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"counter": {"packets": 3, "bytes": 592}}]}';
    const count = parseCounter(text);
    expect(count).toEqual({ packets: 3, octets: 592 });
    // Two plain datagrams of 64 octets and one buffer with five of them: 7 * 64 + 3 * 48.
    expect(datagrams(count, 48, 64)).toBe(7);
    expect(() => parseCounter('{"nftables": []}')).toThrow('no counter');
  });
});

describe('other programs', () => {
  test('iperf3: what the receiver got', () => {
    const text = '{"end": {"sum_sent": {"bits_per_second": 9e9}, "sum_received": {"bits_per_second": 8.4e9}}}';
    expect(parseThroughput(text)).toBe(8_400);
    expect(() => parseThroughput('{"end": {}, "error": "unable to connect"}')).toThrow('iperf3: unable to connect');
  });

  const replies = [
    'PING 2001:db8:1::80(2001:db8:1::80) 56 data bytes',
    '[1795449758.182093] 64 bytes from 2001:db8:1::80: icmp_seq=2 ttl=63 time=0.170 ms',
    '[1795449758.205735] 64 bytes from 2001:db8:1::80: icmp_seq=3 ttl=63 time=0.045 ms',
    '',
    '2 packets transmitted, 2 received, 0% packet loss, time 24ms',
    'rtt min/avg/max/mdev = 0.045/0.107/0.170/0.062 ms',
  ].join('\n');

  test('ping: the times of all replies, and the instant of the first', () => {
    expect(parseTimes(replies)).toEqual([0.17, 0.045]);
    expect(parseFirstReply(replies)).toBeCloseTo(1_795_449_758_182.093, 3);
  });

  test('ping: an error is no reply', () => {
    const text = '[1795449758.1] From fe80::1 icmp_seq=1 Destination unreachable: Address unreachable';
    expect(parseTimes(text)).toEqual([]);
    expect(parseFirstReply(text)).toBeUndefined();
  });
});

describe('the load of a server', () => {
  const fromMac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const toMac = Uint8Array.of(2, 0, 0, 0, 0, 2);
  const frames = solicitations({ fromMac, toMac, source: '198.51.100.250', server: '192.0.2.1' }, 3);
  const messages = frames.map((frame) => frame.slice(14));

  test('each is an Ethernet frame with IPv4 in it, from the one host to the other', () => {
    for (const frame of frames) expect([...frame.subarray(0, 14)]).toEqual([...toMac, ...fromMac, 0x08, 0x00]);
  });

  test('RFC 4380 §5.2.1: each is a solicitation that a server must answer, with a nonce of its own', () => {
    const nonces = messages.map((bytes) => {
      const parts = parse(bytes, 28, bytes.length);
      if (typeof parts === 'number') throw new Error(`not a datagram of Teredo: ${parts}`);
      expect(routerSolicitation.isValid(bytes, parts.packetAt)).toBe(true);
      expect(routerSolicitation.coneBit(bytes, parts.packetAt)).toBe(0);
      expect(parts.authenticationAt).toBe(28);
      return bytes.subarray(32, 40).toString();
    });
    expect(new Set(nonces).size).toBe(3);
  });

  test('each comes from another port and has a right UDP checksum', () => {
    const views = messages.map((bytes) => new DataView(bytes.buffer));
    expect(views.map((view) => view.getUint16(20))).toEqual([20_000, 20_001, 20_002]);
    expect(views.map((view) => view.getUint16(22))).toEqual([3544, 3544, 3544]);
    for (const view of views) {
      expect(view.getUint16(24)).toBe(view.byteLength - 20);
      // RFC 768: with the pseudo-header, all sixteen-bit words of a right datagram add up to ffff.
      let sum = 17 + view.getUint16(24);
      for (let at = 12; at < view.byteLength; at++) sum += view.getUint8(at) << (at % 2 === 0 ? 8 : 0);
      while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
      expect(sum).toBe(0xffff);
    }
  });
});
