import { afterEach, expect, test } from 'vitest';
import { Batch } from '../../../src/batch/batch.ts';
import { PortableUdpPort } from '../../../src/io/portable/udp-port.ts';

const LOOPBACK = 0x7f000001;
const ports: PortableUdpPort[] = [];

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

test('a batch that is written arrives at the other socket with where it came from', async () => {
  let heard = () => {};
  const arrived = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const sent: string[] = [];
  const port = open({
    onReadable: () => heard(),
    onSend: (datagram, _ipv4, to) => sent.push(`${datagram.length} octets to ${to}`),
  });
  port.setOpen(0, true);
  port.setOpen(5, true);
  await Promise.all([port.opened(0), port.opened(5)]);
  const batch = new Batch(4, new Uint8Array(4096));
  batch.push(Uint8Array.of(1, 2, 3), LOOPBACK, port.localPort(5), 0);
  port.write(batch);
  // The port has its own copy: a driver uses the batch again at once.
  batch.bytes.fill(0);
  await arrived;
  batch.clear();
  port.read(batch);
  expect(batch.count).toBe(1);
  expect([...batch.packet(0)]).toEqual([1, 2, 3]);
  expect([batch.ipv4[0], batch.port[0], batch.via[0]]).toEqual([LOOPBACK, port.localPort(0), 5]);
  expect(sent).toEqual([`3 octets to ${port.localPort(5)}`]);
});

test('a port that somebody has is told by `opened`; what leaves by a closed socket or to port 0 is counted', async () => {
  const port = open({ onReadable: () => {} });
  port.setOpen(0, true);
  await port.opened(0);
  const trouble: string[] = [];
  const other = open({ onReadable: () => {}, onTrouble: (via, { code }) => trouble.push(`${via} ${code}`) });
  other.setOpen(3, true, port.localPort(0));
  await expect(other.opened(3)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect(trouble).toEqual(['3 EADDRINUSE']);
  expect(other.localPort(3)).toBe(0);
  other.send(Uint8Array.of(1), LOOPBACK, 9, 3);
  port.send(Uint8Array.of(1), LOOPBACK, 0, 0);
  expect([...other.refusals, ...port.refusals]).toEqual([
    ['EBADF', 1],
    ['EBADF', 1],
  ]);
});

test('more datagrams than a batch has slots wait for the next read', async () => {
  const port = open({ onReadable: () => {} });
  port.setOpen(0, true);
  await port.opened(0);
  for (let index = 0; index < 5; index++) port.send(Uint8Array.of(index), LOOPBACK, port.localPort(0), 0);
  const batch = new Batch(2, new Uint8Array(4096));
  const seen: number[] = [];
  await expect
    .poll(() => {
      batch.clear();
      port.read(batch);
      for (let slot = 0; slot < batch.count; slot++) seen.push(batch.packet(slot)[0]!);
      return seen;
    })
    .toEqual([0, 1, 2, 3, 4]);
});

function open(options: ConstructorParameters<typeof PortableUdpPort>[0]): PortableUdpPort {
  const port = new PortableUdpPort(options);
  ports.push(port);
  return port;
}
