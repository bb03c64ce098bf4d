/**
 * Sends datagrams from one socket: `blast-helper.mjs ADDRESS PORT COUNT [HEX]`, or with a path of a file in place of
 * COUNT and HEX all lines of that file, round and round for MS milliseconds: `ADDRESS PORT file:PATH MS [FROM]`. FROM is
 * the address and port it is bound to: "192.0.2.1:3544". A line may begin with an address of its own, and a space.
 *
 * Prints how many the kernel took.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';

const [address, port, what, more, from = ':0'] = process.argv.slice(2);
const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
const isFile = what.startsWith('file:');
const payloads = isFile
  ? readFileSync(what.slice(5), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ').reverse())
  : [[more ?? '00']];
const messages = payloads.map(([octets, to = address]) => ({ message: Buffer.from(octets, 'hex'), to }));
const endAt = isFile ? performance.now() + Number(more) : Number.POSITIVE_INFINITY;
const count = isFile ? Number.POSITIVE_INFINITY : Number(what);

let next = 0;
let taken = 0;
const [, fromAddress, fromPort] = /^(.*):(\d+)$/.exec(from);
socket.bind(Number(fromPort), fromAddress === '' ? undefined : fromAddress, () => {
  process.stdout.write('ready\n');
  burst();
});

function burst() {
  let waiting = 0;
  for (let i = 0; i < 64 && next < count; i++) {
    waiting++;
    const { message, to } = messages[next++ % messages.length];
    socket.send(message, Number(port), to, (error) => {
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
