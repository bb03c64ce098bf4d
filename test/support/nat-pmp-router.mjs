/**
 * A router that maps ports by NAT-PMP (RFC 6886) and, as the cheaper ones do, without a look at its own outer address:
 *   node nat-pmp-router.mjs INSIDE-ADDRESS OUTSIDE-ADDRESS
 * A mapping is a rule of nftables in the chain `ip nat prerouting`, as long as it is wanted.
 */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';

const [inside, outside] = process.argv.slice(2);
/** Handles of rules by port. */
const rules = new Map();

const socket = createSocket('udp4');
socket.on('message', (request, { address, port }) => {
  const answer = reply(request, address);
  if (answer !== undefined) socket.send(answer, port, address);
});
socket.bind(5351, inside, () => console.log('ready'));

function reply(request, address) {
  if (request[0] !== 0) return undefined;
  if (request[1] === 0) return Buffer.from([0, 128, 0, 0, 0, 0, 0, 1, ...outside.split('.').map(Number)]);
  if (request[1] !== 1 || request.length < 12) return undefined;
  const port = request.readUInt16BE(4);
  const lifetime = request.readUInt32BE(8);
  forget(port);
  if (lifetime > 0) remember(port, address);
  console.log(lifetime > 0 ? `mapped ${port} to ${address}` : `forgot ${port}`);
  const answer = Buffer.alloc(16);
  answer[1] = 129;
  answer.writeUInt32BE(1, 4);
  answer.writeUInt16BE(port, 8);
  answer.writeUInt16BE(port, 10);
  answer.writeUInt32BE(lifetime, 12);
  return answer;
}

function remember(port, address) {
  const rule = `add rule ip nat prerouting ip daddr ${outside} udp dport ${port} dnat to ${address}:${port}`;
  const told = execFileSync('nft', ['--echo', '--handle', ...rule.split(' ')], { encoding: 'utf8' });
  rules.set(port, /handle (\d+)/.exec(told)[1]);
}

function forget(port) {
  const handle = rules.get(port);
  if (handle !== undefined) execFileSync('nft', ['delete', 'rule', 'ip', 'nat', 'prerouting', 'handle', handle]);
  rules.delete(port);
}
