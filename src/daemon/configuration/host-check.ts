import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { TeredoError } from '../../errors.ts';
import { findAccount } from '../../io/linux/accounts.ts';
import { holderOfPort, howToStop, wordsForHolder } from '../../io/linux/holder.ts';
import { SERVER_PORT } from '../../roles/constants.ts';
import { formatIpv4, parseIpv4 } from '../../wire/text.ts';
import { groupId } from '../control/socket-file.ts';
import { noGroup, noUser } from '../missing-accounts.ts';
import type { DaemonConfiguration } from './configuration.ts';
import type { Settings } from './settings.ts';
import { wordsFor } from './system-words.ts';

/** Something about this host that a configuration does not fit. */
export interface Misfit {
  readonly code: string;
  readonly message: string;
  readonly next: string;
  /** False: it may be a process of ours that runs already. */
  readonly isFatal: boolean;
}

/** Who is named in a configuration. */
type Accounts = Pick<Settings['values'], 'privileges' | 'control'>;

/** Tries what these roles will need of the host: users and groups, UDP ports, and the names of their interfaces. */
export async function misfits(
  configuration: DaemonConfiguration,
  { privileges, control }: Accounts,
): Promise<Misfit[]> {
  const found: Misfit[] = [];
  if (privileges.user !== undefined && privileges.user !== 'root' && findAccount(privileges.user) === undefined) {
    found.push(fatal(noUser(privileges.user)));
  }
  if (control.group !== undefined && groupId(control.group) === undefined) found.push(fatal(noGroup(control.group)));
  for (const { ipv4, port } of configuration.flatMap(portsOf)) {
    const trouble = await bindingTrouble(formatIpv4(ipv4), port);
    if (trouble !== undefined) found.push(trouble);
  }
  for (const name of new Set(configuration.flatMap(({ interfaceName }) => interfaceName ?? []))) {
    const trouble = interfaceTrouble(name);
    if (trouble !== undefined) found.push(trouble);
  }
  return found;
}

function fatal({ code, message, next }: TeredoError): Misfit {
  return { code, message, next, isFatal: true };
}

/** 0.0.0.0: all addresses. A client without a port takes whatever is free. */
function portsOf(role: DaemonConfiguration[number]): { readonly ipv4: number; readonly port: number }[] {
  switch (role.role) {
    case 'client':
      return role.port === 0 ? [] : [{ ipv4: 0, port: role.port }];
    case 'server':
      return [role.ipv4, role.ipv4Secondary].map((ipv4) => ({ ipv4, port: SERVER_PORT }));
    case 'relay':
    case 'host-relay':
      return [{ ipv4: role.ipv4, port: role.port }];
  }
}

async function bindingTrouble(address: string, port: number): Promise<Misfit | undefined> {
  const socket = createSocket('udp4');
  try {
    // Whoever hears 'error' first: `once` rejects then.
    const listening = once(socket, 'listening');
    socket.bind({ address, port, exclusive: true });
    await listening;
    return undefined;
  } catch (error) {
    return misfit(error as NodeJS.ErrnoException, address, port);
  } finally {
    socket.close();
  }
}

function misfit(error: NodeJS.ErrnoException, address: string, port: number): Misfit {
  if (error.code === 'EADDRINUSE') {
    const holder = holderOfPort(parseIpv4(address)!, port);
    const message = `UDP port ${port} of ${address} is taken, ${wordsForHolder(holder)} has it`;
    const next = holder === undefined ? `"sudo ss -lunp sport = :${port}" tells by whom` : howToStop(holder);
    return { code: 'TD-PORT-TAKEN', message, next, isFatal: false };
  }
  if (error.code === 'EADDRNOTAVAIL') {
    const message = `${address} is no address of this host`;
    return {
      code: 'TD-ADDRESS-MISSING',
      message,
      next: 'name one that "ip -4 address" shows, or add it',
      isFatal: true,
    };
  }
  const message = `cannot open UDP port ${port} of ${address}: ${wordsFor(error)}`;
  return { code: 'TD-PORT', message, next: 'try as the user that will run it', isFatal: true };
}

/** A TUN interface of that name may be one that an administrator made for us; any other is in the way. */
function interfaceTrouble(name: string): Misfit | undefined {
  const folder = `/sys/class/net/${name}`;
  if (!existsSync(folder)) return undefined;
  if (existsSync(`${folder}/tun_flags`)) {
    // The flags are those of TUNSETIFF: bit 1 is TUN, bit 2 TAP (linux/if_tun.h).
    if ((Number(readFileSync(`${folder}/tun_flags`, 'utf8')) & 1) !== 0) {
      const next = 'fine where an administrator made it, or where teredo runs already';
      return { code: 'TD-INTERFACE-EXISTS', message: `there is an interface ${name} already`, next, isFatal: false };
    }
  }
  const message = `the interface ${name} is there already, and it is no TUN interface`;
  return { code: 'TD-INTERFACE-TAKEN', message, next: 'choose another interface.name', isFatal: true };
}
