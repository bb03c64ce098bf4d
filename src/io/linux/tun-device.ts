import { TeredoError } from '../../errors.ts';
import {
  IFF_NO_PI,
  IFF_TUN,
  IFF_VNET_HDR,
  IFREQ,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
  TUN_F_CSUM,
  TUN_F_TSO_ECN,
  TUN_F_TSO6,
  TUN_F_USO4,
  TUN_F_USO6,
  TUNSETIFF,
  TUNSETOFFLOAD,
} from './abi.ts';
import type { Arena } from './arena.ts';
import { errorName } from './errno.ts';
import { holderOfInterface, howToStop, wordsForHolder } from './holder.ts';
import { close, errno, ioctl, open } from './libc.ts';
import type { Offloads } from './offloads.ts';

const DEVICE = '/dev/net/tun';

const TSO = TUN_F_CSUM | TUN_F_TSO6 | TUN_F_TSO_ECN;
/** The kernel wants both or none; IPv4 packets end in the role. */
const USO = TUN_F_USO4 | TUN_F_USO6;

/** An open TUN interface. */
export interface TunDevice {
  readonly fd: number;
  /** Whether a virtio header stands before each packet, both ways. */
  readonly hasVirtioHeader: boolean;
  /** `tso` and `uso`, as far as they were allowed and the kernel has them. */
  readonly offloads: Offloads;
}

/**
 * Opens the interface with as many of the `allowed` offloads as the kernel has: all, without USO, or none.
 *
 * Errors: TeredoError that says what the name, the rights or the machine lack.
 */
export function openTun(arena: Arena, name: string, allowed: Offloads): TunDevice {
  const fd = open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw openError(name, errorName(errno()));
  try {
    return offload(arena, fd, name, allowed);
  } catch (error) {
    close(fd);
    throw error;
  }
}

function offload(arena: Arena, fd: number, name: string, allowed: Offloads): TunDevice {
  if (allowed.includes('tso') && attach(arena, fd, name, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR) === 0) {
    if (allowed.includes('uso') && ioctl(fd, TUNSETOFFLOAD, TSO | USO) === 0) {
      return { fd, hasVirtioHeader: true, offloads: ['tso', 'uso'] };
    }
    if (ioctl(fd, TUNSETOFFLOAD, TSO) === 0) return { fd, hasVirtioHeader: true, offloads: ['tso'] };
    ioctl(fd, TUNSETOFFLOAD, 0);
    return { fd, hasVirtioHeader: true, offloads: [] };
  }
  const number = attach(arena, fd, name, IFF_TUN | IFF_NO_PI);
  if (number !== 0) throw openError(name, errorName(number));
  // An interface that outlives its processes may remember what an earlier one could do.
  ioctl(fd, TUNSETOFFLOAD, 0);
  return { fd, hasVirtioHeader: false, offloads: [] };
}

/** The errno of TUNSETIFF, 0: none. */
function attach(arena: Arena, fd: number, name: string, flags: number): number {
  const encoded = new TextEncoder().encode(name);
  if (encoded.length === 0 || encoded.length > IFREQ.nameMax) throw openError(name, 'EINVAL');
  const request = arena.take(IFREQ.length);
  arena.bytes.set(encoded, request);
  arena.u16[(request + IFREQ.flags) >> 1] = flags;
  return ioctl(fd, TUNSETIFF, arena.pointer(request)) < 0 ? errno() : 0;
}

function openError(name: string, reason: string): TeredoError {
  const message = `--interface ${name}: cannot open a TUN interface (${reason})`;
  switch (reason) {
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return new TeredoError(
        'TD-TUN-MISSING',
        `${message}: ${DEVICE} is not there`,
        'load the module ("modprobe tun"); in a container, hand the device in ("--device /dev/net/tun")',
      );
    case 'EPERM':
    case 'EACCES':
      return new TeredoError('TD-TUN-PERMISSION', `${message}: no right to`, 'run as root or with CAP_NET_ADMIN');
    case 'EBUSY': {
      const holder = holderOfInterface(name);
      return new TeredoError(
        'TD-TUN-BUSY',
        `${message}: ${wordsForHolder(holder)} holds it`,
        `${howToStop(holder)}, or choose another name with --interface`,
      );
    }
    case 'EINVAL':
      return new TeredoError(
        'TD-TUN-NAME',
        `${message}: the name is too long, or belongs to an interface of another kind`,
        'choose another name of at most 15 characters with --interface',
      );
    default:
      return new TeredoError('TD-TUN', message);
  }
}
