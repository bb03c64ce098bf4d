/** Sockets inside a namespace, connected to where a load goes. */
import koffi from 'koffi';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import { parseIpv6 } from '../../src/wire/text.ts';
import { inside } from '../../test/support/inside.ts';

const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
/** Of linux/if_packet.h and linux/if_ether.h. */
const AF_PACKET = 17;
const SOL_PACKET = 263;
const PACKET_QDISC_BYPASS = 20;
const ETH_P_IP = 0x0800;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;

const library = koffi.load(null);
const socket = library.func('int socket(int domain, int type, int protocol)') as (
  domain: number,
  type: number,
  protocol: number,
) => number;
const connect = library.func('int connect(int fd, const uint8_t *address, uint length)') as (
  fd: number,
  address: Uint8Array,
  length: number,
) => number;
const bind = library.func('int bind(int fd, const uint8_t *address, uint length)') as typeof connect;
const setsockopt = library.func('int setsockopt(int fd, int level, int option, const int *value, uint length)') as (
  fd: number,
  level: number,
  option: number,
  value: readonly number[],
  length: number,
) => number;
const close = library.func('int close(int fd)') as (fd: number) => number;

/** A UDP socket over IPv6; the kernel cuts what is written to it into datagrams of `segment` octets. */
export function openUdp(namespace: Namespace, address: string, port: number, segment: number): number {
  const sockaddr = new Uint8Array(28);
  const view = new DataView(sockaddr.buffer);
  view.setUint16(0, AF_INET6, true);
  view.setUint16(2, port);
  sockaddr.set(parseIpv6(address)!, 8);
  const fd = open(namespace, AF_INET6, SOCK_DGRAM, 0, sockaddr);
  if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, [segment], 4) === 0) return fd;
  close(fd);
  throw new Error(`the kernel cuts no UDP: errno ${koffi.errno()}`);
}

/**
 * A socket for whole Ethernet frames out of one interface, past routes, queues and the IPv4 of the sending host: the
 * cheapest way to offer a load, and the load is of any port and any address.
 */
export function openPacket(namespace: Namespace, interfaceIndex: number): number {
  const sockaddr = new Uint8Array(20);
  const view = new DataView(sockaddr.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, ETH_P_IP);
  view.setInt32(4, interfaceIndex, true);
  // Protocol 0: nothing is ever received.
  const fd = open(namespace, AF_PACKET, SOCK_RAW, 0, sockaddr, bind);
  if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, [1], 4) === 0) return fd;
  close(fd);
  throw new Error(`no way around the queue of the interface: errno ${koffi.errno()}`);
}

export function closeSocket(fd: number): void {
  close(fd);
}

function open(
  namespace: Namespace,
  domain: number,
  type: number,
  protocol: number,
  sockaddr: Uint8Array,
  attach = connect,
): number {
  return inside(namespace, () => {
    const fd = socket(domain, type, protocol);
    if (fd >= 0 && attach(fd, sockaddr, sockaddr.length) === 0) return fd;
    const number = koffi.errno();
    if (fd >= 0) close(fd);
    throw new Error(`cannot open a socket in ${namespace.name}: errno ${number}`);
  });
}
