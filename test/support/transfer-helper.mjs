// One end of a TCP transfer, a program of its own because it runs inside a network namespace:
//   transfer-helper.mjs receive ADDRESS PORT           prints "listening", then {"octets", "sha256"}
//   transfer-helper.mjs send ADDRESS PORT OCTETS SEED  prints {"octets", "sha256"}
import { createCipheriv, createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const [role, host, port, octets, seed] = process.argv.slice(2);
const SILENCE_MS = 20_000;

if (role === 'receive') {
  const server = createServer({ allowHalfOpen: false }, async (socket) => {
    server.close();
    socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('the sender fell silent')));
    await report(socket);
  });
  server.listen({ host, port: Number(port) }, () => console.log('listening'));
} else {
  const socket = connect({ host, port: Number(port) });
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('the receiver fell silent')));
  const hash = createHash('sha256');
  await pipeline(Readable.from(noise(Number(octets), seed, hash)), socket);
  print(Number(octets), hash);
}

async function report(socket) {
  const hash = createHash('sha256');
  let count = 0;
  for await (const chunk of socket) {
    count += chunk.length;
    hash.update(chunk);
  }
  print(count, hash);
}

function print(count, hash) {
  console.log(JSON.stringify({ octets: count, sha256: hash.digest('hex') }));
}

/** Noise that no link can compress and every run repeats: AES in counter mode, keyed by the seed. */
function* noise(length, text, hash) {
  const key = createHash('sha256').update(text).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(1 << 16);
  for (let left = length; left > 0; left -= zeros.length) {
    const chunk = cipher.update(left < zeros.length ? zeros.subarray(0, left) : zeros);
    hash.update(chunk);
    yield chunk;
  }
}
