import koffi from 'koffi';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../src/io/linux/abi.ts';
import { Arena } from '../../../src/io/linux/arena.ts';
import { MessageVector } from '../../../src/io/linux/message-vector.ts';

/** The compiler's rules, asked through koffi, against the offsets we wrote by hand. */
const iovec = koffi.struct({ base: 'uintptr_t', length: 'size_t' });
const msghdr = koffi.struct({
  name: 'uintptr_t',
  nameLength: 'uint32_t',
  iov: 'uintptr_t',
  iovCount: 'size_t',
  control: 'uintptr_t',
  controlLength: 'size_t',
  flags: 'int',
});
const mmsghdr = koffi.struct({ header: msghdr, messageLength: 'uint32_t' });
const cmsghdr = koffi.struct({ length: 'size_t', level: 'int', type: 'int' });
const sockaddrIn = koffi.struct({
  family: 'uint16_t',
  port: 'uint16_t',
  address: 'uint32_t',
  zero: koffi.array('uint8_t', 8),
});
const sockaddrIn6 = koffi.struct({
  family: 'uint16_t',
  port: 'uint16_t',
  flow: 'uint32_t',
  address: koffi.array('uint8_t', 16),
  scope: 'uint32_t',
});
const sockaddrNl = koffi.struct({ family: 'uint16_t', pad: 'uint16_t', pid: 'uint32_t', groups: 'uint32_t' });
const ifreq = koffi.struct({ name: koffi.array('uint8_t', 16), flags: 'int16_t', rest: koffi.array('uint8_t', 22) });
const pollfd = koffi.struct({ fd: 'int', events: 'int16_t', revents: 'int16_t' });
const epollMembers = { events: 'uint32_t', data: 'uint64_t' };
const epollEvent = process.arch === 'x64' ? koffi.pack(epollMembers) : koffi.struct(epollMembers);

describe('Layouts of the system-call interface', () => {
  test.each([
    ['iovec', koffi.sizeof(iovec), abi.IOVEC.length],
    ['iovec.length', koffi.offsetof(iovec, 'length'), abi.IOVEC.size],
    ['mmsghdr', koffi.sizeof(mmsghdr), abi.MMSGHDR.length],
    ['msghdr.name', koffi.offsetof(msghdr, 'name'), abi.MMSGHDR.name],
    ['msghdr.nameLength', koffi.offsetof(msghdr, 'nameLength'), abi.MMSGHDR.nameLength],
    ['msghdr.iov', koffi.offsetof(msghdr, 'iov'), abi.MMSGHDR.iov],
    ['msghdr.iovCount', koffi.offsetof(msghdr, 'iovCount'), abi.MMSGHDR.iovCount],
    ['msghdr.control', koffi.offsetof(msghdr, 'control'), abi.MMSGHDR.control],
    ['msghdr.controlLength', koffi.offsetof(msghdr, 'controlLength'), abi.MMSGHDR.controlLength],
    ['msghdr.flags', koffi.offsetof(msghdr, 'flags'), abi.MMSGHDR.flags],
    ['cmsghdr', koffi.sizeof(cmsghdr), abi.CMSGHDR.length],
    ['cmsghdr.level', koffi.offsetof(cmsghdr, 'level'), abi.CMSGHDR.level],
    ['cmsghdr.type', koffi.offsetof(cmsghdr, 'type'), abi.CMSGHDR.type],
    ['mmsghdr.messageLength', koffi.offsetof(mmsghdr, 'messageLength'), abi.MMSGHDR.messageLength],
    ['sockaddr_in', koffi.sizeof(sockaddrIn), abi.SOCKADDR_IN.length],
    ['sockaddr_in.port', koffi.offsetof(sockaddrIn, 'port'), abi.SOCKADDR_IN.port],
    ['sockaddr_in.address', koffi.offsetof(sockaddrIn, 'address'), abi.SOCKADDR_IN.address],
    ['sockaddr_in6', koffi.sizeof(sockaddrIn6), abi.SOCKADDR_IN6.length],
    ['sockaddr_in6.address', koffi.offsetof(sockaddrIn6, 'address'), abi.SOCKADDR_IN6.address],
    ['sockaddr_nl', koffi.sizeof(sockaddrNl), abi.SOCKADDR_NL.length],
    ['sockaddr_nl.groups', koffi.offsetof(sockaddrNl, 'groups'), abi.SOCKADDR_NL.groups],
    ['ifreq', koffi.sizeof(ifreq), abi.IFREQ.length],
    ['ifreq.flags', koffi.offsetof(ifreq, 'flags'), abi.IFREQ.flags],
    ['pollfd', koffi.sizeof(pollfd), abi.POLLFD.length],
    ['pollfd.events', koffi.offsetof(pollfd, 'events'), abi.POLLFD.events],
    ['epoll_event', koffi.sizeof(epollEvent), abi.EPOLL_EVENT.length],
    ['epoll_event.data', koffi.offsetof(epollEvent, 'data'), abi.EPOLL_EVENT.data],
  ])('%s', (_name, compiled, written) => {
    expect(written).toBe(compiled);
  });

  test('a message vector read as C reads it', () => {
    const arena = new Arena(1 << 16);
    const vector = new MessageVector(arena, 3, abi.SOCKADDR_IN.length);
    const payload = arena.take(100);
    vector.setPayload(2, payload, 77);
    const read = koffi.decode(BigInt(vector.pointer(2)), mmsghdr) as { header: Record<string, number> };
    expect(read.header.name).toBe(arena.pointer(vector.names + 2 * abi.SOCKADDR_IN.length));
    expect(read.header).toMatchObject({ nameLength: 16, iovCount: 1, control: 0, controlLength: 0 });
    expect(koffi.decode(BigInt(read.header.iov!), iovec)).toEqual({ base: arena.pointer(payload), length: 77 });
  });
});

describe('A message with several iovecs and control data', () => {
  test('a message vector read as C reads it', () => {
    const arena = new Arena(1 << 16);
    const vector = new MessageVector(arena, 3, abi.SOCKADDR_IN.length, 4, 48);
    const payload = arena.take(100);
    vector.setPayload(1, payload, 60, 2);
    vector.setPayload(1, payload + 60, 40, 3);
    vector.setVectors(1, 2, 2);
    vector.setControlLength(1, 24);
    const { header } = koffi.decode(BigInt(vector.pointer(1)), mmsghdr) as { header: Record<string, number> };
    expect(header).toMatchObject({ iovCount: 2, control: arena.pointer(vector.controls + 48), controlLength: 24 });
    expect(koffi.decode(BigInt(header.iov!), iovec)).toEqual({ base: arena.pointer(payload), length: 60 });
    expect(koffi.decode(BigInt(header.iov! + 16), iovec)).toEqual({ base: arena.pointer(payload + 60), length: 40 });
    expect([vector.payloadLength(1, 2), vector.controlLengthOf(1)]).toEqual([60, 24]);
  });
});

describe('Arena', () => {
  test('gives aligned places that do not overlap, and refuses more than there is', () => {
    const arena = new Arena(1 << 16);
    const a = arena.take(10);
    const b = arena.take(10, 4096);
    expect([a % 64, b % 4096]).toEqual([0, 0]);
    expect(b).toBeGreaterThanOrEqual(a + 10);
    expect(() => arena.take(1 << 16)).toThrow(/used up/);
  });
});
