import { exchange } from './exchange.ts';
import { MappingError, type MappingMethod, plausible, type Router } from './mapping.ts';

/**
 * NAT Port Mapping Protocol (RFC 6886 §3.2, §3.3):
 *   to the router:    | version 0 | opcode | reserved (2) | internal port (2) | external port (2) | lifetime (4) |
 *   from the router:  | version 0 | opcode + 128 | result (2) | epoch (4) | internal (2) | external (2) | lifetime (4) |
 *   or, to opcode 0:  | version 0 | 128 | result (2) | epoch (4) | external address (4) |
 */
const ADDRESS = 0;
const MAP_UDP = 1;
const RESPONSE = 128;
const RESULT = 2;
const BODY = 8;

/** RFC 6886 §3.5, by number. */
const RESULTS = ['success', 'unsupported version', 'not authorized', 'network failure', 'out of resources'];
/** Seconds that are asked for (RFC 6886 §3.3). */
const WANTED_LIFETIME = 7_200;

export const natPmp: MappingMethod = {
  protocol: 'NAT-PMP',
  async map({ router, localPort }, signal) {
    const address = await ask(router, Uint8Array.of(0, ADDRESS), 12, signal);
    const granted = await ask(router, request(localPort, localPort, WANTED_LIFETIME), 16, signal, localPort);
    const lifetimeMs = granted.readUInt32BE(BODY + 4) * 1_000;
    return plausible(address.subarray(BODY, BODY + 4).join('.'), granted.readUInt16BE(BODY + 2), lifetimeMs);
  },
  async unmap({ router, localPort }, signal) {
    // RFC 6886 §3.4: the lifetime 0 and the external port 0 delete.
    await ask(router, request(localPort, 0, 0), 16, signal, localPort);
  },
};

function request(internalPort: number, externalPort: number, lifetime: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes[1] = MAP_UDP;
  bytes.writeUInt16BE(internalPort, 4);
  bytes.writeUInt16BE(externalPort, 6);
  bytes.writeUInt32BE(lifetime, 8);
  return bytes;
}

/** The answer with this length to one question; about `internalPort`, if given. */
function ask(router: Router, bytes: Uint8Array, length: number, signal: AbortSignal, internalPort?: number) {
  const read = (answer: Buffer) => {
    if (answer.length < 4 || answer[0] !== 0 || answer[1] !== (RESPONSE | bytes[1]!)) return undefined;
    const result = answer.readUInt16BE(RESULT);
    if (result !== 0) throw new MappingError(`refuses (${result} ${RESULTS[result] ?? 'unknown'})`);
    if (answer.length < length) return undefined;
    return internalPort === undefined || answer.readUInt16BE(BODY) === internalPort ? answer : undefined;
  };
  return exchange(router, bytes, read, signal);
}
