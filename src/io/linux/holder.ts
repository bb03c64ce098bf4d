import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * Who has what we cannot have: for the words of an error, which may name a process that is just ending.
 *
 * Root finds everybody; others find their own processes.
 */

/** A process of this host. */
export interface Holder {
  readonly pid: number;
  readonly name: string;
}

/** The process that has the UDP port, at `ipv4` (an int32) or at every address; undefined: it is not to be found. */
export function holderOfPort(ipv4: number, port: number): Holder | undefined {
  const inodes = new Set(socketsOn(ipv4, port).map((inode) => `socket:[${inode}]`));
  return inodes.size === 0 ? undefined : find((pid, fd) => inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
}

/** The process that serves the TUN interface in our own network; undefined: it is not to be found. */
export function holderOfInterface(name: string): Holder | undefined {
  const ours = readlinkSync('/proc/self/ns/net');
  return find((pid, fd) => {
    if (readlinkSync(`/proc/${pid}/fd/${fd}`) !== '/dev/net/tun') return false;
    const served = /^iff:\s*(\S+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1];
    return served === name && readlinkSync(`/proc/${pid}/ns/net`) === ours;
  });
}

/** "process 4711 (teredo)", or "another process" where nobody knows which. */
export function wordsForHolder(holder: Holder | undefined): string {
  return holder === undefined ? 'another process' : `process ${holder.pid} (${holder.name})`;
}

/** "stop it ("kill 4711")". */
export function howToStop(holder: Holder | undefined): string {
  return holder === undefined ? 'stop it' : `stop it ("kill ${holder.pid}")`;
}

/** Inodes of UDP sockets in our network that are in the way of `ipv4`; 0: every address is. */
function socketsOn(ipv4: number, port: number): string[] {
  return ['/proc/self/net/udp', '/proc/self/net/udp6']
    .flatMap((path) => linesOf(path).slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '']) => {
      const [address = '', number = ''] = local.split(':');
      return Number.parseInt(number, 16) === port && isInTheWay(address, ipv4);
    })
    .map((columns) => columns[9] ?? '');
}

/** `hex` is an address as the kernel writes it: words in the order of octets of this machine. */
function isInTheWay(hex: string, ipv4: number): boolean {
  if (ipv4 === 0 || /^0+$/.test(hex)) return true;
  const word = Number.parseInt(hex.slice(-8), 16);
  const swapped = ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
  return swapped === ipv4;
}

function find(isIt: (pid: string, fd: string) => boolean): Holder | undefined {
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    for (const fd of namesIn(`/proc/${pid}/fd`)) {
      try {
        if (isIt(pid, fd)) return { pid: Number(pid), name: nameOf(pid) };
      } catch {
        // Closed, or not for us to see.
      }
    }
  }
  return undefined;
}

/** What people call it: ours runs as "node". */
function nameOf(pid: string): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    .split('\0')
    .map((word) => basename(word));
  return words.includes('teredo') ? 'teredo' : readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}
