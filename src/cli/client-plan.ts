import { clientOf, type GivenSecret } from '../daemon/configuration/roles.ts';
import type { Settings } from '../daemon/configuration/settings.ts';
import { warning } from '../daemon/reports.ts';
import { TeredoError } from '../errors.ts';
import type { Foreground, Plan } from './foreground.ts';

/** Finds out whether this host is for a client before it starts. */
export async function planClient(
  settings: Settings,
  secret: GivenSecret | undefined,
  { report }: Foreground,
): Promise<Plan> {
  const configuration = clientOf(settings, secret);
  const { interfaceName } = configuration;
  if (secret !== undefined) report(warning(secretIsVisible()));
  if (!settings.values.client.even_with_ipv6) await refuseBesideIpv6(interfaceName);
  const { refuseSecondClient } = await import('../daemon/routes.ts');
  await refuseSecondClient(interfaceName);
  return { configuration: [configuration] };
}

/** RFC 4380 §5.5, ledger CLI-130: a host that has IPv6 by other means is no Teredo client, unless asked. */
async function refuseBesideIpv6(interfaceName: string): Promise<void> {
  const { nativeIpv6 } = await import('../daemon/native-ipv6.ts');
  const native = await nativeIpv6(interfaceName);
  if (native === undefined) return;
  throw new TeredoError(
    'TD-IPV6-PRESENT',
    `this host reaches the IPv6 Internet without Teredo (${native})`,
    'to reach Teredo clients directly run "teredo host-relay"; to run a client all the same add --even-with-ipv6',
  );
}

function secretIsVisible(): TeredoError {
  return new TeredoError(
    'TD-SECRET-VISIBLE',
    'every user of this host can read the secret in the list of processes',
    'write it to a file and use --secret-file',
  );
}
