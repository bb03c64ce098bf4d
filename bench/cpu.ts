/** What the kernel itself says a program used. */
import { readdirSync, readFileSync } from 'node:fs';
import koffi from 'koffi';

const clockGettime = koffi.load(null).func('int clock_gettime(int clock, _Out_ int64_t *timespec)') as (
  clock: number,
  timespec: (number | bigint)[],
) => number;

/** CPUCLOCK_SCHED: the scheduler's own account, in nanoseconds (linux/posix-timers.h, clock_getcpuclockid(3)). */
const SCHEDULER_CLOCK = 2;

/**
 * CPU time of a program so far: all its processes and threads, in user space and in the kernel.
 *
 * Units:  nanoseconds; precise, where /proc/PID/stat counts steps of 10 ms.
 * Shape:  what the kernel does in the name of the program counts too: the way of a sent datagram through veth, NAT
 *         and routers up to the next socket or TUN device.
 * Errors: an Error when a process has ended.
 */
export function cpuTime(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processTime(pid), 0);
}

function processTime(pid: number): number {
  const timespec: (number | bigint)[] = [0, 0];
  const clock = (~pid << 3) | SCHEDULER_CLOCK;
  if (clockGettime(clock, timespec) < 0) throw new Error(`process ${pid} has no CPU clock: errno ${koffi.errno()}`);
  return Number(timespec[0]) * 1e9 + Number(timespec[1]);
}

/** The process and all that descend from it; Miredo splits itself into several. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const each of tree) tree.push(...(children.get(each) ?? []));
  return tree;
}

function parentOf(pid: number): number | undefined {
  try {
    return parseParent(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined; // It ended in the meantime.
  }
}

/** The fourth field of /proc/PID/stat (proc_pid_stat(5)); the second is a name that may hold anything. */
export function parseParent(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Memory of a program that lies in RAM, in octets: all its processes together. */
export function residentSize(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + parseResidentSize(readFileSync(`/proc/${pid}/status`, 'utf8')), 0);
}

/** VmRSS of /proc/PID/status (proc_pid_status(5)), in octets. */
export function parseResidentSize(status: string): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  if (match === null) throw new Error('no VmRSS in the status of a process');
  return Number(match[1]) * 1024;
}
