import { expect, test } from 'vitest';
import { hmacSha1 } from '../../src/io/hmac.ts';

test('RFC 4380 §5.2.2: HMAC-SHA1 over nonce, confirmation and packet (ledger CLI-23, E3)', () => {
  const key = new TextEncoder().encode('teredo-secret-01');
  const packet =
    '6000000000083aff' + 'fe800000000000000000fffffffffffe' + 'ff020000000000000000000000000002' + '85007d3800000000';
  const message = Buffer.from(`010203040506070800${packet}`, 'hex');
  expect(Buffer.from(hmacSha1(key, message)).toString('hex')).toBe('c512bfedddad01ed3b9804be068c0771765ba6af');
});
