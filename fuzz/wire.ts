/** Every reader of `wire`: it must not throw, not read past the end, and say what holds together. */

import { describe, describePacket, type Field } from '../src/wire/describe.ts';
import * as encapsulation from '../src/wire/encapsulation.ts';
import * as icmpv6 from '../src/wire/icmpv6.ts';
import * as ipv6 from '../src/wire/ipv6.ts';
import * as routerAdvertisement from '../src/wire/router-advertisement.ts';
import * as routerSolicitation from '../src/wire/router-solicitation.ts';
import { formatIpv6, parseIpv4, parseIpv6 } from '../src/wire/text.ts';
import * as trailer from '../src/wire/trailer.ts';
import { ALL, bytesOf } from '../test/wire/examples.ts';
import type { Target } from './target.ts';

const SEEDS = Object.values(ALL).map(bytesOf);
/** Octets that stand behind the end; a reader that looks at them gives two different answers. */
const POISONS = [0x00, 0x60, 0xff] as const;
const MARGIN = 64;

const parsers: Target = {
  name: 'wire parsers',
  seeds: SEEDS,
  run: (message) => {
    const answers = POISONS.map((poison) => {
      const bytes = new Uint8Array(message.length + MARGIN).fill(poison);
      bytes.set(message);
      return JSON.stringify(read(bytes, message.length));
    });
    if (answers.some((answer) => answer !== answers[0])) throw new Error('octets behind the end were read');
  },
};

const description: Target = {
  name: 'wire describe',
  seeds: SEEDS,
  run: (bytes) => {
    for (const { summary, fields } of [describe(bytes), describePacket(bytes)]) {
      if (/undefined|NaN/.test(summary)) throw new Error(`a summary with a hole: ${summary}`);
      checkFields(fields, bytes.length);
    }
  },
};

const text: Target = {
  name: 'wire text',
  seeds: ['2001:0:cb00:7101:18a5:63be:3fff:fdd2', '::1', 'fe80::1.2.3.4', '1.2.3.4', '::'].map((address) =>
    new TextEncoder().encode(address),
  ),
  run: (bytes) => {
    const candidate = String.fromCharCode(...bytes);
    parseIpv4(candidate);
    const address = parseIpv6(candidate);
    if (address === undefined) return;
    const again = parseIpv6(formatIpv6(address));
    if (again === undefined || !ipv6.sameAddress(address, 0, again, 0))
      throw new Error(`${candidate} does not come back`);
  },
};

export const targets: readonly Target[] = [parsers, description, text];

function read(bytes: Uint8Array, end: number): unknown[] {
  const parts = encapsulation.parse(bytes, 0, end);
  if (typeof parts === 'number') return [parts, trailer.parse(bytes, 0, end)];
  const { packetAt, packetEnd } = parts;
  if (packetAt + ipv6.LENGTH > packetEnd || packetEnd > end) throw new Error('a packet outside the datagram');
  return [
    parts,
    trailer.parse(bytes, packetEnd, end),
    ipv6.isBubble(bytes, packetAt),
    ipv6.hasRoutingHeader(bytes, packetAt, packetEnd),
    icmpv6.isEcho(bytes, packetAt),
    icmpv6.isNeighborDiscovery(bytes, packetAt),
    icmpv6.mayAnswerWithError(bytes, packetAt),
    routerSolicitation.isValid(bytes, packetAt),
    routerAdvertisement.parse(bytes, packetAt),
  ];
}

function checkFields(fields: readonly Field[], end: number): void {
  for (const { name, value, at, length, children } of fields) {
    if (at < 0 || length < 0 || at + length > end) throw new Error(`${name} points outside the message`);
    if (Number.isNaN(value) || value === undefined) throw new Error(`${name} has no value`);
    checkFields(children, end);
  }
}
