import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, SOCKADDR_UN } from './abi.ts';
import { Arena } from './arena.ts';
import { close, connect, socket, write } from './libc.ts';

/**
 * Sends one datagram to a unix socket: a path, or "@" and an abstract name (sd_notify(3), NOTIFY_SOCKET).
 *
 * Shape:  whether it was taken; nobody waits for a reader that is busy.
 * Errors: none.
 */
export function notify(address: string, text: string): boolean {
  const name = new TextEncoder().encode(address);
  if ((address[0] !== '/' && address[0] !== '@') || name.length > SOCKADDR_UN.pathMax) return false;
  const message = new TextEncoder().encode(text);
  const arena = new Arena(message.length + 256);
  const at = addressInto(arena, name);
  const body = arena.take(message.length);
  arena.bytes.set(message, body);
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const isTaken =
    connect(fd, arena.pointer(at), SOCKADDR_UN.path + name.length) === 0 &&
    write(fd, arena.pointer(body), message.length) === message.length;
  close(fd);
  return isTaken;
}

/** Writes a sockaddr_un, and gives where. */
export function addressInto(arena: Arena, name: Uint8Array): number {
  const at = arena.take(SOCKADDR_UN.path + SOCKADDR_UN.pathMax + 1);
  arena.u16[at >> 1] = AF_UNIX;
  arena.bytes.set(name, at + SOCKADDR_UN.path);
  // An abstract name begins with a zero where people write "@".
  if (name[0] === 0x40) arena.bytes[at + SOCKADDR_UN.path] = 0;
  return at;
}
