import type { Namespace } from '../../src/lab/kernel/namespaces.ts';

/** What all processes of the host have sent over IPv4 UDP so far, in datagrams. */
export async function datagramsSent(host: Namespace): Promise<number> {
  const text = await host.run(['cat', '/proc/net/snmp']);
  const [names, values] = text.split('\n').flatMap((line) => (line.startsWith('Udp:') ? [line.split(' ')] : []));
  return Number(values![names!.indexOf('OutDatagrams')]);
}
