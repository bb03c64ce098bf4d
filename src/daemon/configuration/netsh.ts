import type { RoleName } from './names.ts';
import type { Values } from './schema.ts';

/** What Windows would be told to be the same, and what it cannot be told. */
export interface NetshExport {
  readonly commands: readonly string[];
  /** Each a sentence. */
  readonly remarks: readonly string[];
}

/**
 * The command lines for Windows that mean what these values mean.
 *
 * Source: "netsh interface teredo set state" and Set-NetTeredoConfiguration, whose fields are the same five, and
 *         -DefaultQualified, which is the other way round as `client.on_demand`.
 */
export function toNetsh(values: Values, role: RoleName, isSet: (path: string) => boolean): NetshExport {
  const { client, server } = values;
  const type = role === 'client' ? client.type : role === 'server' ? 'server' : 'relay';
  const netsh = [`type=${type}`];
  const powershell = [`-Type ${type[0]!.toUpperCase()}${type.slice(1)}`];
  const remarks: string[] = [];
  if (role === 'client') {
    netsh.push(`servername=${client.servers[0]!}`, `refreshinterval=${client.refresh_interval}`);
    netsh.push(`clientport=${client.port === 0 ? 'default' : client.port}`);
    powershell.push(`-ServerName ${client.servers[0]!}`, `-RefreshIntervalSeconds ${client.refresh_interval}`);
    if (client.port !== 0) powershell.push(`-ClientPort ${client.port}`);
    powershell.push(`-DefaultQualified $${client.on_demand ? 'false' : 'true'}`);
    if (client.servers.length > 1) remarks.push('client.servers: Windows knows one server, the first is taken');
    if (client.server_secondary !== undefined) {
      remarks.push('client.server_secondary: Windows asks the address after the first, and no other');
    }
  }
  if (role === 'server' && server.virtual_ip !== undefined) {
    netsh.push(`servervirtualip=${server.virtual_ip}`);
    powershell.push(`-ServerVirtualIP ${server.virtual_ip}`);
  }
  if (role === 'host-relay') remarks.push('role host-relay: Windows has no type for it, a relay is the nearest');
  const said = new Set(['client.servers', 'client.server_secondary', 'client.type', 'client.refresh_interval']);
  for (const path of ['client.port', 'client.on_demand', 'server.virtual_ip', 'role']) said.add(path);
  const section = role === 'host-relay' ? 'relay' : role;
  for (const path of pathsOf(values, section)) {
    if (isSet(path) && !said.has(path)) remarks.push(`${path}: Windows has no such setting`);
  }
  return {
    commands: [
      `netsh interface teredo set state ${netsh.join(' ')}`,
      `Set-NetTeredoConfiguration ${powershell.join(' ')}`,
    ],
    remarks,
  };
}

/** Of the role's own section; the others are about this process and not about Teredo. */
function pathsOf(values: Values, section: 'client' | 'server' | 'relay'): string[] {
  return Object.keys(values[section]).map((name) => `${section}.${name}`);
}
