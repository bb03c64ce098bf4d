import { createHmac } from 'node:crypto';

/** HMAC-SHA1, 20 octets: the algorithm of secure qualification unless both ends agreed on another (RFC 4380 §5.2.2). */
export function hmacSha1(key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac('sha1', key).update(message).digest();
}
