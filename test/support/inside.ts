import koffi from 'koffi';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';

const CLONE_NEWNET = 0x40000000;
const O_RDONLY = 0;

const library = koffi.load(null);
const open = library.func('int open(const char *path, int flags)') as (path: string, flags: number) => number;
const close = library.func('int close(int fd)') as (fd: number) => number;
const setns = library.func('int setns(int fd, int type)') as (fd: number, type: number) => number;

/**
 * Runs `body` with this thread inside a namespace: sockets and TUN interfaces it opens belong there ever after.
 *
 * `body` is synchronous, for the thread is back outside when `inside` returns.
 */
export function inside<T>(namespace: Namespace, body: () => T): T {
  const home = open('/proc/thread-self/ns/net', O_RDONLY);
  enter(open(`/run/netns/${namespace.fullName}`, O_RDONLY), namespace.fullName);
  try {
    return body();
  } finally {
    enter(home, 'the home namespace');
  }
}

function enter(fd: number, name: string): void {
  const entered = setns(fd, CLONE_NEWNET);
  const number = koffi.errno();
  close(fd);
  if (entered < 0) throw new Error(`cannot enter ${name}: errno ${number}`);
}
