// One end of trains of UDP datagrams over IPv6, a program of its own because it runs inside a network namespace:
//   train-helper.mjs receive ADDRESS PORT  prints "listening", then {"datagrams", "sha256"}
//   train-helper.mjs send ADDRESS PORT     prints {"datagrams", "sha256"}
// Each train is waited for before the next one leaves, so that no queue on the way is ever full. Trains of one size
// also leave by one system call (UDP_SEGMENT), which the kernel may carry as one super-packet.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import koffi from 'koffi';

const [SOL_UDP, UDP_SEGMENT] = [17, 103];
const TRAIN = 40;
const SIZES = [
  () => 64,
  () => 1,
  () => 1232,
  () => 700,
  (index) => (index === TRAIN - 1 ? 99 : 300),
  (index) => 100 + ((index * 37) % 900),
  (index) => (index % 3 === 0 ? 0 : 200),
];
const END = SIZES.length * 2;

const [role, host, port] = process.argv.slice(2);
const socket = createSocket('udp6');
const hash = createHash('sha256');
let datagrams = 0;

if (role === 'receive') {
  let inTrain = 0;
  socket.on('message', (message, { address, port }) => {
    note(message);
    if (++inTrain < TRAIN) return;
    inTrain = 0;
    const isLast = datagrams === END * TRAIN;
    socket.send('next', port, address, () => {
      if (isLast) finish();
    });
  });
  socket.bind(Number(port), host, () => {
    socket.setRecvBufferSize(1 << 20);
    console.log('listening');
  });
} else {
  const setsockopt = koffi.load(null).func('int setsockopt(int fd, int level, int option, int *value, uint length)');
  let train = 0;
  socket.on('message', () => (train < END ? sendTrain(train++) : finish()));
  socket.connect(Number(port), host, () => sendTrain(train++));

  function sendTrain(number) {
    const size = SIZES[number >> 1];
    const train = Array.from({ length: TRAIN }, (_, index) => Buffer.alloc(size(index), number * TRAIN + index));
    for (const datagram of train) note(datagram);
    if ((number & 1) === 0 || size(0) !== size(1)) {
      for (const datagram of train) socket.send(datagram);
    } else {
      const fd = socket._handle.fd;
      const status = setsockopt(fd, SOL_UDP, UDP_SEGMENT, [size(0)], 4);
      if (status !== 0) throw new Error(`UDP_SEGMENT: errno ${koffi.errno()}`);
      socket.send(Buffer.concat(train), () => setsockopt(fd, SOL_UDP, UDP_SEGMENT, [0], 4));
    }
  }
}

function note(datagram) {
  datagrams++;
  hash.update(`${datagram.length}:`).update(datagram);
}

function finish() {
  console.log(JSON.stringify({ datagrams, sha256: hash.digest('hex') }));
  socket.close();
}
