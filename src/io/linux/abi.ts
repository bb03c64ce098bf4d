/**
 * Numbers and layouts of the Linux system-call interface on 64-bit little-endian machines.
 *
 * Sources: the kernel's uapi headers (asm-generic/socket.h, linux/in.h, linux/if_tun.h, linux/eventpoll.h,
 * linux/rtnetlink.h). x64, arm64, riscv64 and loong64 share all of them, except the packing of epoll_event.
 */

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_RAW = 255;
export const NETLINK_ROUTE = 0;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_BINDTODEVICE = 25;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
/** Nine u32 about a socket's memory, since Linux 4.12; `drops`: what the kernel could not keep for us. */
export const SO_MEMINFO = 55;
export const MEMINFO = { length: 36, drops: 32 } as const;

export const SOL_IP = 0;
export const IP_TOS = 1;
export const IP_MTU_DISCOVER = 10;
export const IP_PMTUDISC_DONT = 0;
export const IP_RECVTOS = 13;
export const IP_MULTICAST_TTL = 33;
export const IP_MULTICAST_LOOP = 34;
export const IP_ADD_MEMBERSHIP = 35;
export const IP_MULTICAST_ALL = 49;

/** One bit for each type of message that a raw socket shall not hear (RFC 3542 §3.2). */
export const ICMP6_FILTER = 1;

export const SOL_UDP = 17;
/** Segment size of a message that holds several datagrams; since Linux 4.18. */
export const UDP_SEGMENT = 103;
/** Datagrams of one sender in one message; since Linux 5.0. */
export const UDP_GRO = 104;

export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

export const O_RDWR = 2;
export const O_NONBLOCK = 0x800;
export const O_CLOEXEC = 0x80000;

export const TUNSETIFF = 0x400454ca;
export const TUNSETOFFLOAD = 0x400454d0;
export const IFF_TUN = 0x0001;
export const IFF_NO_PI = 0x1000;
export const IFF_VNET_HDR = 0x4000;
/** What the TUN device may leave to us; the USO flags since Linux 6.2, and only both together. */
export const TUN_F_CSUM = 0x01;
export const TUN_F_TSO4 = 0x02;
export const TUN_F_TSO6 = 0x04;
export const TUN_F_TSO_ECN = 0x08;
export const TUN_F_USO4 = 0x20;
export const TUN_F_USO6 = 0x40;
/** struct ifreq: a name of at most 15 octets and a zero, then the flags. */
export const IFREQ = { length: 40, flags: 16, nameMax: 15 } as const;

export const EPOLL_CLOEXEC = 0x80000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLLIN = 1;
export const EPOLLERR = 8;
export const EPOLLHUP = 16;
/** struct epoll_event: u32 events, u64 data; packed on x64 only. */
export const EPOLL_EVENT = process.arch === 'x64' ? { length: 12, data: 4 } : { length: 16, data: 8 };

export const POLLOUT = 4;
/** struct pollfd: int fd, short events, short revents. */
export const POLLFD = { length: 8, events: 4 } as const;

/** Since Linux 5.9, its flag since 5.11; every machine has the same number. */
export const SYS_CLOSE_RANGE = 436;
export const CLOSE_RANGE_CLOEXEC = 4;
export const DESCRIPTOR_MAX = 0x7fffffff;

export const EFD_NONBLOCK = 0x800;
export const EFD_CLOEXEC = 0x80000;

export const CLOCK_BOOTTIME = 7;

/** Groups of rtnetlink that tell of links, addresses and routes. */
export const RTMGRP_LINK = 0x1;
export const RTMGRP_IPV4_IFADDR = 0x10;
export const RTMGRP_IPV6_IFADDR = 0x100;
export const RTMGRP_IPV6_ROUTE = 0x400;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
/** struct nlmsghdr: u32 length with this header, u16 type; for routes struct rtmsg follows it. */
export const NLMSGHDR = { length: 16, type: 4 } as const;
/** struct rtmsg: one octet each for family, prefix lengths, TOS, table, then the protocol. */
export const RTMSG = { protocol: 5 } as const;

/** struct sockaddr_in: u16 family, u16 port and u32 address in network order. */
export const SOCKADDR_IN = { length: 16, port: 2, address: 4 } as const;
/** struct sockaddr_in6: u16 family, u16 port, u32 flow label, 16 octets of address, u32 scope. */
export const SOCKADDR_IN6 = { length: 28, address: 8 } as const;
/** struct sockaddr_nl: u16 family, pad, u32 pid, u32 groups. */
export const SOCKADDR_NL = { length: 12, groups: 8 } as const;

/** struct sockaddr_un: u16 family, then a path, or a zero and an abstract name. */
export const SOCKADDR_UN = { path: 2, pathMax: 107 } as const;

/** struct iovec: pointer, size_t. */
export const IOVEC = { length: 16, size: 8 } as const;
/** struct mmsghdr: msghdr (name, name length, iov, iov count, control, control length, flags), then the message's length. */
export const MMSGHDR = {
  length: 64,
  name: 0,
  nameLength: 8,
  iov: 16,
  iovCount: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
  messageLength: 56,
} as const;
/** struct cmsghdr: size_t length with this header, int level, int type; then the data, padded to 8 octets. */
export const CMSGHDR = { length: 16, level: 8, type: 12 } as const;

/** Errors that steer a loop; others are only counted. */
export const EINTR = 4;
export const EIO = 5;
export const EAGAIN = 11;
export const EINVAL = 22;
export const EMSGSIZE = 90;
export const EBADFD = 77;

/** linux/prctl.h and linux/capability.h. */
export const PR_SET_KEEPCAPS = 8;
export const PR_SET_NO_NEW_PRIVS = 38;
export const PR_CAP_AMBIENT = 47;
export const PR_CAP_AMBIENT_RAISE = 2;
export const PR_CAP_AMBIENT_CLEAR_ALL = 4;
export const CAPABILITY_VERSION_3 = 0x20080522;
/** linux/seccomp.h; the number of the call is that of asm-generic but on x64. */
export const SYS_SECCOMP = process.arch === 'x64' ? 317 : 277;
export const SECCOMP_SET_MODE_FILTER = 1;
export const SECCOMP_FILTER_FLAG_TSYNC = 1;
export const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4;
/** struct sock_filter: u16 code, u8 jt, u8 jf, u32 k: "return, and let the call pass". */
export const BPF_RETURN = 0x06;
export const SECCOMP_RET_ALLOW = 0x7fff0000;
