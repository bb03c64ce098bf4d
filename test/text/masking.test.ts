import { expect, test } from 'vitest';
import { Masking } from '../../src/cli/masking.ts';

test('addresses become names: one each, the same throughout', () => {
  const text = 'from 198.51.100.7:18778 to 203.0.113.1, then 198.51.100.7 on 2001:0:cb00:7101:25:b6a5:399b:9bf8/32';
  expect(new Masking().mask(text)).toBe('from ipv4-1:18778 to ipv4-2, then ipv4-1 on ipv6-1/32');
});

test('at the end of a sentence, and with an IPv4 address in it, an address is one too', () => {
  const text = 'it is 2001:0:cb00:7101::9bf8. Or 64:ff9b::198.51.100.7, or 198.51.100.7.';
  expect(new Masking().mask(text)).toBe('it is ipv6-1. Or ipv6-2, or ipv4-1.');
});

test('hardware addresses too', () => {
  expect(new Masking().mask('"address":"5a:3f:b7:2b:ab:e1"')).toBe('"address":"mac-1"');
});

test('what tells nothing about anybody stays: private, link-local, loopback; times, versions and prefixes', () => {
  const text =
    '192.168.1.10:41106 10.0.0.1 127.0.0.1 fe80::1 ::1 2001::/32 ff02::2 12:34:56 2026-11-23T12:34:56.789Z v20.19.0 0.1.0';
  expect(new Masking().mask(text)).toBe(text);
});
