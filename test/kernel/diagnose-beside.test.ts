import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { ask, type LookedAtClient, LookedAtIsland, SERVER } from '../support/looked-at.ts';

describeWith(laboratory, 'teredo diagnose beside a running client', () => {
  let island: LookedAtIsland;
  let client: LookedAtClient;

  beforeAll(async () => {
    island = await LookedAtIsland.create();
    client = await island.client('client', '198.51.100.1');
  });
  afterAll(() => island?.network.close());

  test('the client is asked, its server is the one in question, and it keeps its address', async () => {
    const { stdout, stderr } = await ask(client, 'diagnose', '--json');
    expect(stderr).toBe('');
    const { verdict, checks } = JSON.parse(stdout) as Diagnosis;
    expect(verdict.code).toBe('TD-DIAGNOSE-NO-SYMMETRIC-PEERS');
    expect(checks[0]).toMatchObject({ id: 'running-client', value: 'qualified' });
    expect(checks[0]!.detail).toContain(`${client.address}, server ${SERVER}, 192.168.1.2:`);
    expect(checks.find(({ id }) => id === 'server-name')!.detail).toBe(SERVER);
    expect(checks.find(({ id }) => id === 'managed-network')).toMatchObject({ value: 'no' });
    expect((await ask(client, 'address')).stdout).toBe(`${client.address}\n`);
  });

  test('its port is taken: that is said, and nothing is measured of another one', async () => {
    const { port } = (JSON.parse((await ask(client, 'status', '--json')).stdout) as Status).roles[0]!;
    const { status, stderr } = await ask(client, 'diagnose', '--port', String(port));
    expect(stderr).toMatch(new RegExp(`UDP port ${port} is in use[\\s\\S]*code: TD-PORT-TAKEN[\\s\\S]*next: `));
    expect(status).toBe(3);
  });

  test('a client that is disabled: the network is fine, and that is why there is no address', async () => {
    await ask(client, 'set', 'state', 'disabled');
    const { status, stdout } = await ask(client, 'diagnose', SERVER, '--json');
    const { verdict, checks } = JSON.parse(stdout) as Diagnosis;
    expect(verdict).toMatchObject({ code: 'TD-DIAGNOSE-CLIENT-BEHIND', cause: 'it is disabled', rules: [] });
    expect(checks[0]).toMatchObject({ id: 'running-client', value: 'offline' });
    expect(status).toBe(1);
  });
});

interface Diagnosis {
  readonly verdict: { readonly code: string; readonly cause: string };
  readonly checks: readonly { readonly id: string; readonly value: string; readonly detail: string }[];
}

interface Status {
  readonly roles: readonly { readonly port: number }[];
}
