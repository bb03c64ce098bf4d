import koffi from 'koffi';
import { TeredoError } from '../../errors.ts';

/**
 * The C library's functions that the ports need. Pointers are plain numbers: addresses inside an `Arena`.
 *
 * Each returns what C returns; after a negative result `errno()` says why.
 */
const SUPPORTED = ['x64', 'arm64', 'riscv64', 'loong64'];

if (process.platform !== 'linux' || !SUPPORTED.includes(process.arch)) {
  throw new TeredoError(
    'TD-PLATFORM',
    `no kernel interface for ${process.platform} on ${process.arch}`,
    `tunnels run on Linux on ${SUPPORTED.join(', ')}; decode, encode and lab run everywhere`,
  );
}

// null: the symbols of this very process, so that glibc and musl are served alike.
const library = koffi.load(null);

export const errno: () => number = koffi.errno;

type Call<A extends readonly unknown[]> = (...values: A) => number;

export const open: Call<[path: string, flags: number]> = library.func('int open(const char *path, int flags)');
export const close: Call<[fd: number]> = library.func('int close(int fd)');
export const read: Call<[fd: number, buffer: number, size: number]> = library.func(
  'intptr_t read(int fd, uintptr_t buffer, size_t size)',
);
export const write: Call<[fd: number, buffer: number, size: number]> = library.func(
  'intptr_t write(int fd, uintptr_t buffer, size_t size)',
);
export const writev: Call<[fd: number, vectors: number, count: number]> = library.func(
  'intptr_t writev(int fd, uintptr_t vectors, int count)',
);
export const ioctl: Call<[fd: number, request: number, argument: number]> = library.func(
  'int ioctl(int fd, ulong request, uintptr_t argument)',
);
export const socket: Call<[domain: number, type: number, protocol: number]> = library.func(
  'int socket(int domain, int type, int protocol)',
);
export const bind: Call<[fd: number, address: number, length: number]> = library.func(
  'int bind(int fd, uintptr_t address, uint length)',
);
export const connect: Call<[fd: number, address: number, length: number]> = library.func(
  'int connect(int fd, uintptr_t address, uint length)',
);
export const getsockname: Call<[fd: number, address: number, length: number]> = library.func(
  'int getsockname(int fd, uintptr_t address, uintptr_t length)',
);
export const setsockopt: Call<[fd: number, level: number, option: number, value: number, length: number]> =
  library.func('int setsockopt(int fd, int level, int option, uintptr_t value, uint length)');
export const getsockopt: Call<[fd: number, level: number, option: number, value: number, length: number]> =
  library.func('int getsockopt(int fd, int level, int option, uintptr_t value, uintptr_t length)');
export const recvmmsg: Call<[fd: number, messages: number, count: number, flags: number, timeout: number]> =
  library.func('int recvmmsg(int fd, uintptr_t messages, uint count, int flags, uintptr_t timeout)');
export const sendmmsg: Call<[fd: number, messages: number, count: number, flags: number]> = library.func(
  'int sendmmsg(int fd, uintptr_t messages, uint count, int flags)',
);
export const sendto: Call<[fd: number, data: number, size: number, flags: number, address: number, length: number]> =
  library.func('intptr_t sendto(int fd, uintptr_t data, size_t size, int flags, uintptr_t address, uint length)');
export const poll: Call<[fds: number, count: number, timeoutMs: number]> = library.func(
  'int poll(uintptr_t fds, ulong count, int timeoutMs)',
);
export const epollCreate: Call<[flags: number]> = library.func('int epoll_create1(int flags)');
export const epollControl: Call<[epoll: number, operation: number, fd: number, event: number]> = library.func(
  'int epoll_ctl(int epoll, int operation, int fd, uintptr_t event)',
);
export const epollWait: Call<[epoll: number, events: number, countMax: number, timeoutMs: number]> = library.func(
  'int epoll_wait(int epoll, uintptr_t events, int countMax, int timeoutMs)',
);
export const eventfd: Call<[initial: number, flags: number]> = library.func('int eventfd(uint initial, int flags)');
export const clockGettime: Call<[clock: number, timespec: number]> = library.func(
  'int clock_gettime(int clock, uintptr_t timespec)',
);

export const prctl: Call<[option: number, a: number, b: number, c: number, d: number]> = library.func(
  'int prctl(int option, ulong a, ulong b, ulong c, ulong d)',
);
export const capset: Call<[header: number, data: number]> = library.func(
  'int capset(uintptr_t header, uintptr_t data)',
);
// These three change all threads of the process: the C library sees to it, the system calls would not.
export const setgroups: Call<[count: number, groups: number]> = library.func(
  'int setgroups(size_t count, uintptr_t groups)',
);
export const setresgid: Call<[real: number, effective: number, saved: number]> = library.func(
  'int setresgid(uint real, uint effective, uint saved)',
);
export const setresuid: Call<[real: number, effective: number, saved: number]> = library.func(
  'int setresuid(uint real, uint effective, uint saved)',
);

/** A system call by its number, where the C library has no function for it everywhere. */
export const systemCall: Call<[number: number, a: number, b: number, c: number]> = library.func(
  'long syscall(long number, ulong a, ulong b, ulong c)',
);

/** Address of the first octet of `bytes`; good for as long as the block lives and does not move. */
export function addressOf(bytes: Uint8Array): number {
  return Number(koffi.address(bytes));
}
