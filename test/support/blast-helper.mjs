/**
 * Sends datagrams from one socket: `blast-helper.mjs ADDRESS PORT COUNT [HEX]`, or with a path of a file in place of
 * COUNT and HEX all lines of that file, round and round for MS milliseconds: `ADDRESS PORT file:PATH MS`.
 *
 * Prints how many the kernel took.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';

const [address, port, what, more] = process.argv.slice(2);
const socket = createSocket('udp4');
const isFile = what.startsWith('file:');
const payloads = isFile
  ? readFileSync(what.slice(5), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => Buffer.from(line, 'hex'))
  : [Buffer.from(more ?? '00', 'hex')];
const endAt = isFile ? performance.now() + Number(more) : Number.POSITIVE_INFINITY;
const count = isFile ? Number.POSITIVE_INFINITY : Number(what);

let next = 0;
let taken = 0;
socket.bind(0, () => {
  process.stdout.write('ready\n');
  burst();
});

function burst() {
  let waiting = 0;
  for (let i = 0; i < 64 && next < count; i++) {
    waiting++;
    socket.send(payloads[next++ % payloads.length], Number(port), address, (error) => {
      if (error === null) taken++;
      if (--waiting === 0) again();
    });
  }
  if (waiting === 0) end();
}

function again() {
  if (next >= count || performance.now() > endAt) end();
  else setImmediate(burst);
}

function end() {
  socket.close();
  process.stdout.write(`${JSON.stringify({ sent: next, taken })}\n`);
}
