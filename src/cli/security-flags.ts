import { readSecret } from '../daemon/configuration/secret-file.ts';
import { usageError } from './flags.ts';

/** How a command that is no daemon shows who it is (RFC 4380 §5.2.2). */
export interface SecurityOptions {
  readonly identifier?: Uint8Array;
  readonly secretFile?: string;
}

/** Identifier and secret go together; undefined: neither is given. */
export function parseSecurity({ identifier, secretFile }: SecurityOptions) {
  if (identifier === undefined && secretFile === undefined) return undefined;
  if (identifier === undefined) {
    throw usageError('--identifier', '', 'is missing: the server finds the secret by it', 'add --identifier ID');
  }
  if (secretFile === undefined) {
    throw usageError('--secret-file', '', 'no secret for the identifier', 'add --secret-file FILE');
  }
  const read = readSecret(secretFile);
  if ('reason' in read) throw usageError('--secret-file', secretFile, read.reason, read.fix);
  return { identifier, secret: read.secret };
}
