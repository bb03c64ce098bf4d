import type { OfflineReason } from '../../roles/role.ts';
import type { ErrorStatus } from './status.ts';

const TO_SERVER = 'let UDP port 3544 out, and answers in; or try another server';

/** Why a client is off-line, with a stable code and a next step. */
const ERRORS: Record<OfflineReason, ErrorStatus | null> = {
  'not started': null,
  stopped: null,
  'client is in a managed network': {
    code: 'TD-CLIENT-MANAGED',
    message: 'client is in a managed network',
    next: 'to run all the same choose the type enterpriseclient (--type enterpriseclient)',
  },
  'failed to resolve server name': {
    code: 'TD-CLIENT-SERVER-NAME',
    message: 'failed to resolve server name',
    next: 'check the name and the name service, or give the IPv4 address of a server; asking goes on',
  },
  'primary server unreachable': {
    code: 'TD-CLIENT-SERVER-UNREACHABLE',
    message: 'the server does not answer at its first address; it may also want a secret, or have refused ours',
    next: TO_SERVER,
  },
  'secondary server unreachable': {
    code: 'TD-CLIENT-SERVER2-UNREACHABLE',
    message: 'the server answers at its first address and not at the second',
    next: 'give --server2 if the second address is not the next one; or try another server',
  },
  'symmetric NAT': {
    code: 'TD-CLIENT-SYMMETRIC-NAT',
    message: 'the NAT is symmetric, and the extension for that is switched off',
    next: 'leave the extension symmetric-nat on',
  },
  'server rejected the authentication key': {
    code: 'TD-CLIENT-REJECTED',
    message: 'the server rejected the authentication key',
    next: 'give the identifier and the secret that the server knows',
  },
};

export function offlineError(reason: OfflineReason): ErrorStatus | null {
  return ERRORS[reason];
}
