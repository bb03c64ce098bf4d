import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import type { Hmac } from '../roles/role.ts';

/** RFC 4380 §5.2.2: HMAC-SHA1, without the operating system's help, so that the simulator runs in a browser too. */
export const hmacSha1: Hmac = (key, message) => hmac(sha1, key, message);
