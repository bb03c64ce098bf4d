/** Names that the command line shares with the schema; nothing is loaded for them. */

/** Where the packages put the file, and where `teredo run` looks. */
export const DEFAULT_FILE = '/etc/teredo/teredo.toml';

/** Microsoft's, what Windows asks; public servers come and go, your own stays ("teredo server"). */
export const PUBLIC_SERVER = 'win1910.ipv6.microsoft.com';

/** The extensions of RFC 6081 by the names people give them. */
export const EXTENSION_NAMES = [
  'symmetric-nat',
  'upnp-symmetric-nat',
  'port-preserving-nat',
  'sequential-port-nat',
  'hairpinning',
  'server-load-reduction',
] as const;

/** A hook that runs longer is ended. */
export const HOOK_TIME_LIMIT_S = 20;

/** What one process can be; a server and a relay share one by `server.with_relay`. */
export const ROLES = ['client', 'server', 'relay', 'host-relay'] as const;

export type RoleName = (typeof ROLES)[number];

/** What an entry of the log may weigh, from the heaviest to the lightest. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];
