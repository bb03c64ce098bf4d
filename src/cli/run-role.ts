import type { DaemonConfiguration } from '../daemon/configuration/configuration.ts';
import type { RoleName } from '../daemon/configuration/names.ts';
import { processOf } from '../daemon/configuration/process.ts';
import { clientOf, type GivenSecret, interfaceOf, relayOf, roleOf, serverOf } from '../daemon/configuration/roles.ts';
import type { Flag, Settings } from '../daemon/configuration/settings.ts';
import type { Intention } from '../daemon/status/status-board.ts';
import { planClient } from './client-plan.ts';
import { runInForeground } from './foreground.ts';
import { settingsFrom } from './settings.ts';

/** A command that runs a role. */
export interface RoleCommand {
  /** Undefined: the file says. */
  readonly role?: RoleName;
  /** Undefined: no file is read. */
  readonly config: string | undefined;
  readonly flags: ReadonlyMap<string, Flag>;
  readonly secret?: GivenSecret;
}

/** Runs what flags, environment and file say. Gives the exit status. Errors: ConfigurationError, before it starts. */
export async function runRole({ role: command, config, flags, secret }: RoleCommand): Promise<number> {
  const read = () => settingsFrom(config, flags);
  const settings = read();
  const role = roleOf(settings, command);
  assemble(settings, role, secret);
  return runInForeground({
    settings,
    intention: intentionOf(settings, role),
    plan: (current, around) =>
      role === 'client' ? planClient(current, secret, around) : { configuration: assemble(current, role) },
    ...(config === undefined
      ? {}
      : {
          reread: () => {
            const next = read();
            // It must fit together too; and a role is for life.
            assemble(next, roleOf(next, role), secret);
            return next;
          },
        }),
    reconfigured: (current) => assemble(current, role, secret),
  });
}

/** The roles of a process. Errors: ConfigurationError when values do not fit together. */
export function assemble(settings: Settings, role: RoleName, secret?: GivenSecret): DaemonConfiguration {
  // The process around them must fit too.
  processOf(settings);
  if (role === 'client') return [clientOf(settings, secret)];
  return role === 'server' ? serverOf(settings) : [relayOf(settings, role)];
}

function intentionOf(settings: Settings, role: RoleName): Intention {
  const { client } = settings.values;
  if (role === 'client') {
    const interfaceName = interfaceOf(settings);
    return { role, type: client.type, interfaceName, serverName: client.servers[0]! };
  }
  if (role === 'server') return { role, type: 'server' };
  return { role, type: 'relay', interfaceName: interfaceOf(settings) };
}
