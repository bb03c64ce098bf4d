import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, SOCKADDR_UN } from '../../src/io/linux/abi.ts';
import { Arena } from '../../src/io/linux/arena.ts';
import { bind, close, read, socket } from '../../src/io/linux/libc.ts';
import { addressInto } from '../../src/io/linux/notification.ts';

/** What systemd is to a service: a unix socket that takes datagrams. */
export class NotifySocket {
  readonly #arena = new Arena(65_536);
  readonly #fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  readonly #buffer: number;

  constructor(path: string) {
    const name = new TextEncoder().encode(path);
    const at = addressInto(this.#arena, name);
    this.#buffer = this.#arena.take(4_096);
    if (bind(this.#fd, this.#arena.pointer(at), SOCKADDR_UN.path + name.length) < 0) throw new Error(`bind ${path}`);
  }

  /** The datagrams that came since the last call. */
  take(): string[] {
    const found: string[] = [];
    for (;;) {
      const length = read(this.#fd, this.#arena.pointer(this.#buffer), 4_096);
      if (length < 0) return found;
      found.push(new TextDecoder().decode(this.#arena.bytes.subarray(this.#buffer, this.#buffer + length)));
    }
  }

  close(): void {
    close(this.#fd);
  }
}
