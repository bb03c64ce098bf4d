import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

/** What became of a datagram or of the first packet of a TCP stream to a port where nobody is expected. */
export type Knock =
  /** Somebody there answered, if only "nobody listens here": the way there and back is open. */
  | 'answered'
  | 'silent'
  /** The system would not even send; `EPERM` is a firewall of this host. */
  | `refused here: ${string}`;

/** Answers of the other end or of its system; the rest are this system's own. */
const FROM_THERE = new Set(['ECONNREFUSED', 'ECONNRESET']);

/** Sends three empty datagrams and listens for what comes back, ICMP errors too. */
export function knockByUdp(address: string, port: number, timeoutMs: number): Promise<Knock> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const timers: NodeJS.Timeout[] = [];
    const end = (knock: Knock) => {
      for (const timer of timers) clearTimeout(timer);
      socket.removeAllListeners().on('error', () => {});
      socket.close();
      resolve(knock);
    };
    socket.on('error', (error) => end(judge(error)));
    socket.on('message', () => end('answered'));
    const send = () => socket.send(new Uint8Array(0), (error) => (error === null ? undefined : end(judge(error))));
    socket.connect(port, address, (error?: Error) => {
      if (error !== undefined) return end(judge(error));
      send();
      timers.push(setTimeout(send, timeoutMs / 3), setTimeout(send, (2 * timeoutMs) / 3));
      timers.push(setTimeout(() => end('silent'), timeoutMs));
    });
  });
}

/** Opens a TCP stream and closes it at once. */
export function knockByTcp(address: string, port: number, timeoutMs: number): Promise<Knock> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (knock: Knock) => {
      socket.removeAllListeners().on('error', () => {});
      socket.destroy();
      resolve(knock);
    };
    socket.setTimeout(timeoutMs, () => end('silent'));
    socket.on('connect', () => end('answered'));
    socket.on('error', (error) => end(judge(error)));
  });
}

function judge(error: NodeJS.ErrnoException): Knock {
  const code = error.code ?? error.name;
  if (FROM_THERE.has(code)) return 'answered';
  return code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' ? 'silent' : `refused here: ${code}`;
}
