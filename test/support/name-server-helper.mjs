/**
 * A DNS server for one namespace: UDP port 53 of loopback, answers from the table in argv[2] (JSON).
 *
 *   { "a": { "name": ["192.0.2.1"] }, "srv": { "name": [[port, "target"]] }, "silent": false, "delayMs": 0 }
 *
 * A line on standard input, in JSON, replaces the table. Prints each question; ends with its input.
 */
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';

const TYPE = { A: 1, SRV: 33 };
const NXDOMAIN = 3;
let table = JSON.parse(process.argv[2]);

const socket = createSocket('udp4');
socket.on('message', (query, { port, address }) => {
  const { name, type, end } = question(query);
  process.stdout.write(`asked ${name} ${type}\n`);
  if (table.silent) return;
  setTimeout(() => socket.send(answer(query, end, name.toLowerCase(), type), port, address), table.delayMs ?? 0);
});
socket.bind(53, '127.0.0.1', () => process.stdout.write('ready\n'));
createInterface({ input: process.stdin }).on('line', (line) => {
  table = JSON.parse(line);
});

function question(query) {
  const labels = [];
  let at = 12;
  while (query[at] !== 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
    at += 1 + query[at];
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answer(query, end, name, type) {
  const addresses = type === TYPE.A ? (table.a?.[name] ?? []) : [];
  const services = type === TYPE.SRV ? (table.srv?.[name] ?? []) : [];
  const isKnown = name in (table.a ?? {}) || name in (table.srv ?? {});
  const records = [
    ...addresses.map((address) => record(type, Uint8Array.from(address.split('.'), Number))),
    ...services.map(([port, target]) => record(type, Buffer.concat([numbers(0, 0, port), encode(target)]))),
  ];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8580 | (isKnown ? 0 : NXDOMAIN), 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, query.subarray(12, end), ...records]);
}

/** Name: a pointer to the question; class IN; valid for 0 s. */
function record(type, data) {
  return Buffer.concat([numbers(0xc00c, type, 1, 0, 0, data.length), data]);
}

function encode(name) {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function numbers(...values) {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index);
  return bytes;
}
