import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holderOfPort, howToStop, wordsForHolder } from '../../../src/io/linux/holder.ts';
import { parseIpv4 } from '../../../src/wire/text.ts';

const BIND = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.bind(0, '127.0.0.1', () => console.log(socket.address().port));`;

let other: ChildProcess;
let port: number;

beforeAll(async () => {
  other = spawn(process.execPath, ['-e', BIND], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(other.stdout!, 'data')) as [Buffer];
  port = Number(line);
});
afterAll(() => other.kill());

test('who has a UDP port: at that address, and at every address where that is wanted; another address is free', () => {
  const found = holderOfPort(parseIpv4('127.0.0.1')!, port);
  expect(found?.pid).toBe(other.pid);
  expect(holderOfPort(0, port)?.pid).toBe(other.pid);
  expect(holderOfPort(parseIpv4('127.0.0.2')!, port)).toBeUndefined();
  expect(wordsForHolder(found)).toBe(`process ${other.pid} (${found!.name})`);
  expect(howToStop(found)).toBe(`stop it ("kill ${other.pid}")`);
});

test('where nobody is found, nobody is named', () => {
  expect([wordsForHolder(undefined), howToStop(undefined)]).toEqual(['another process', 'stop it']);
});
