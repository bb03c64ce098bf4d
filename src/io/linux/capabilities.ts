import { TeredoError } from '../../errors.ts';
import {
  BPF_RETURN,
  CAPABILITY_VERSION_3,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_RAISE,
  PR_SET_KEEPCAPS,
  PR_SET_NO_NEW_PRIVS,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW,
  SECCOMP_FILTER_FLAG_TSYNC,
  SECCOMP_RET_ALLOW,
  SECCOMP_SET_MODE_FILTER,
  SYS_SECCOMP,
} from './abi.ts';
import { Arena } from './arena.ts';
import { errorName } from './errno.ts';
import { capset, errno, prctl, setgroups, setresgid, setresuid, systemCall } from './libc.ts';
import { capabilitiesOf } from './threads.ts';

/** Capabilities that a tunnel may need, by the kernel's numbers (linux/capability.h). */
export const CAPABILITIES = { net_bind_service: 10, net_admin: 12, net_raw: 13 } as const;

export type Capability = keyof typeof CAPABILITIES;

/** Who a process becomes. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** All groups, the first one included. */
  readonly groups: readonly number[];
}

/** One bit for each capability, as the kernel counts them. */
export function maskOf(capabilities: readonly Capability[]): bigint {
  return capabilities.reduce((mask, name) => mask | (1n << BigInt(CAPABILITIES[name])), 0n);
}

/**
 * The capabilities of the calling thread outlive its change from root to another user; those of threads that do not
 * call this are lost by it.
 */
export function keepCapabilities(): void {
  check('PR_SET_KEEPCAPS', prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
}

/** All threads become that user, for good. Errors: TeredoError with the system's reason. */
export function become({ uid, gid, groups }: Account): void {
  const arena = new Arena(4 * groups.length + 64);
  const at = arena.take(4 * groups.length);
  arena.u32.set(groups, at >> 2);
  check('setgroups', setgroups(groups.length, arena.pointer(at)));
  check('setresgid', setresgid(gid, gid, gid));
  check('setresuid', setresuid(uid, uid, uid));
}

/**
 * The calling thread keeps these capabilities, as far as it has them, and none else; its children get `inherited`.
 *
 * Errors: TeredoError with the system's reason.
 */
export function limitCapabilities(wanted: bigint, inherited: bigint): void {
  const { permitted, effective, inheritable } = capabilitiesOf('thread-self');
  const mask = wanted & permitted;
  // A sandbox that gave just this may well forbid the call.
  const isDone = permitted === mask && effective === mask && (inheritable & inherited) === (mask & inherited);
  if (!isDone) setCapabilities(mask, mask & inherited);
  check('PR_CAP_AMBIENT', prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  for (const number of Object.values(CAPABILITIES)) {
    if (((mask & inherited) >> BigInt(number)) % 2n === 0n) continue;
    check('PR_CAP_AMBIENT', prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0));
  }
}

function setCapabilities(mask: bigint, inherited: bigint): void {
  const arena = new Arena(256);
  const header = arena.take(8);
  const data = arena.take(24);
  arena.u32[header >> 2] = CAPABILITY_VERSION_3;
  // Two of struct __user_cap_data_struct: effective, permitted, inheritable; the lower 32 capabilities come first.
  for (const [half, shift] of [0n, 32n].entries()) {
    const word = Number((mask >> shift) & 0xffffffffn);
    const inheritable = Number((inherited >> shift) & 0xffffffffn);
    arena.u32.set([word, word, inheritable], (data >> 2) + 3 * half);
  }
  check('capset', capset(arena.pointer(header), arena.pointer(data)));
}

/**
 * No program that any thread starts gets rights that we do not have: set-user-id programs and the like are as others.
 *
 * The kernel has no call that says so for all threads. But a filter of system calls is installed for all, and brings
 * this along; ours lets everything pass. Where filters are missing, the calling thread, which starts programs, is safe.
 */
export function forbidNewPrivileges(): void {
  check('PR_SET_NO_NEW_PRIVS', prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  const arena = new Arena(256);
  const filter = arena.take(8);
  arena.u16[filter >> 1] = BPF_RETURN;
  arena.u32[(filter + 4) >> 2] = SECCOMP_RET_ALLOW;
  const program = arena.take(16);
  arena.u16[program >> 1] = 1;
  arena.writePointer(program + 8, filter);
  const flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  systemCall(SYS_SECCOMP, SECCOMP_SET_MODE_FILTER, flags, arena.pointer(program));
}

function check(what: string, result: number): void {
  if (result >= 0) return;
  throw new TeredoError('TD-PRIVILEGES', `cannot give up rights: ${what}: ${errorName(errno())}`);
}
