import { mkdirSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { Site } from '../support/browser.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { startServer } from '../support/ours.ts';

const SERVER = ['192.0.2.1', '192.0.2.2'] as const;
const CLIENT = ['client', SERVER[0], '--refresh-interval', '5'];

describeWith([...laboratory, 'chromium'], 'the dashboard of a running client', () => {
  const network = new Network();
  const socket = join(network.directory, 'teredo', 'client.sock');
  let serverHost: Namespace;
  let server: Process;
  let client: Process;
  let host: Namespace;
  let other: Namespace;
  let site: Site;

  beforeAll(async () => {
    const internet = await Internet.create(network);
    serverHost = await internet.host('server', { ipv4: SERVER, ipv6: ['2001:db8:1::1'], forwards: true });
    server = await startServer(serverHost, SERVER, ['--no-control']);
    const relay = await internet.host('relay', {
      ipv4: ['192.0.2.9'],
      ipv6: ['2001:db8:9::1'],
      announces: ['2001::/32'],
      forwards: true,
    });
    await internet.host('native', { ipv6: ['2001:db8:5::5'] });
    await startTeredo(relay, ['relay', '--no-control']).printed(/relay/);
    host = await internet.hostBehindNat('client', '198.51.100.1', 'masquerade');
    other = await internet.hostBehindNat('other', '198.51.100.2', 'masquerade');
    client = await startClient();
    await startTeredo(other, ['client', SERVER[0], '--no-control']).printed(/qualified, address/);
    // Served outside the namespaces: the control socket is a file, and reaches everywhere.
    site = await Site.start(['web', '--socket', socket]);
  });
  afterAll(async () => {
    await site?.stop();
    await network.close();
  });

  async function startClient(): Promise<Process> {
    const process = startTeredo(host, [...CLIENT, '--control-socket', socket]);
    await process.printed(/qualified, address/);
    return process;
  }

  test('a qualified client: the verdict, its address, its NAT and its servers', async () => {
    const { page, complaints } = await site.visit();
    await page.getByText(/Client qualified: this host has the IPv6 address 2001:0:c000:201:/).waitFor();
    await page.getByRole('button', { name: /^this host, client, qualified, 2001:0:c000:201:/ }).waitFor();
    await page.getByRole('button', { name: /^NAT, NAT, .*198\.51\.100\.1:\d+/ }).waitFor();
    await page.getByRole('button', { name: /^192\.0\.2\.1, server/ }).waitFor();
    await page.getByRole('button', { name: /^192\.0\.2\.2, server/ }).waitFor();
    await page.getByRole('tab', { name: 'Address' }).click();
    await page.getByText('198.51.100.1', { exact: true }).waitFor();
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByText(/client: qualified, address 2001:0:/).waitFor();
    expect(complaints).toEqual([]);
  });

  test('peers appear, with their ways: direct, and through a relay', async () => {
    const { page, complaints } = await site.visit();
    const address = await addressOf(other);
    const pings = [address, '2001:db8:5::5'].map((to) => host.start(['ping', '-i', '0.3', to], 'ping'));
    const window = page.getByRole('region', { name: 'Peers' });
    await window.getByText(address).waitFor();
    await window.getByText('2001:db8:5::5').waitFor();
    await page.getByRole('button', { name: /^198\.51\.100\.2, client, direct/ }).waitFor();
    await page.getByRole('button', { name: /^192\.0\.2\.9, relay/ }).waitFor();
    await page.getByRole('searchbox').fill('db8:5');
    await window.getByText(address).waitFor({ state: 'detached' });
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: /As a table ?: the map/ }).click();
    await page.getByRole('cell', { name: 'this host – NAT – 198.51.100.2' }).waitFor();
    await page.getByRole('button', { name: /As a table ?: the map/ }).click();
    await page.getByRole('button', { name: 'As a table', exact: true }).click();
    await page
      .getByRole('cell', { name: /bit\/s/ })
      .first()
      .waitFor();
    expect(await isWithin(page)).toBe(true);
    await pictures(site, 'peers');
    for (const ping of pings) await ping.stop();
    expect(complaints).toEqual([]);
  });

  test('the configuration with its sources, by the keyboard alone', async () => {
    const { page, complaints } = await site.visit();
    await page.getByRole('tab', { name: 'Peers' }).focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
    await page.getByRole('row', { name: 'client.refresh_interval 5 s --refresh-interval' }).waitFor();
    await page.getByLabel('show all').check();
    await page.getByRole('row', { name: /^client\.without none default/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('the server is gone: the page says off-line, and what to do; it comes back: qualified', async () => {
    const { page, complaints } = await site.visit();
    await page.getByText(/Client qualified/).waitFor();
    await server.stop();
    await page.getByText(/Client (not yet qualified|offline)/).waitFor({ timeout: 40_000 });
    await page.getByText(/Client offline: /).waitFor({ timeout: 40_000 });
    await page.getByText('teredo diagnose 192.0.2.1').waitFor();
    await page.getByRole('button', { name: /^this host, client, (off-line|starting)/ }).waitFor();
    await pictures(site, 'off-line');
    server = await startServer(serverHost, SERVER, ['--no-control']);
    await page.getByText(/Client qualified/).waitFor({ timeout: 60_000 });
    const band = page.getByRole('img', { name: /^client: / });
    expect(await band.getAttribute('aria-label')).toMatch(/offline for .*asking its server for .*qualified for/);
    expect(complaints).toEqual([]);
  }, 150_000);

  test('the process is gone: the page says so, and goes on by itself when it is there again', async () => {
    const { page, complaints } = await site.visit();
    await page.getByText(/Client qualified/).waitFor();
    await client.stop();
    await page.getByText(/no teredo answers at .*client\.sock/).waitFor();
    await page.getByText(/this page goes on by itself/).waitFor();
    await pictures(site, 'silent');
    client = await startClient();
    await page.getByText(/Client qualified/).waitFor();
    expect(complaints).toEqual([]);
  });

  test('--web: the process serves it itself, and tells the address in its status and nowhere else', async () => {
    await client.stop();
    const secret = ['--identifier', 'somebody', '--secret', 'not-to-be-seen'];
    client = startTeredo(host, [...CLIENT, '--control-socket', socket, '--web', '127.0.0.1:8931', ...secret]);
    await client.printed(/client: asking/);
    const url = /dashboard: (http:\S+)/.exec(client.output)![1]!;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:8931\/[\w-]{22}\/$/);
    const status = await teredo('status', '--json');
    expect(JSON.parse(status)).toMatchObject({ web: url });
    expect(await teredo('bugreport', '--full')).not.toContain(url.split('/')[3]);
    const token = url.split('/')[3]!;
    const fetched = async (path: string, headers = '{}', method = 'GET') => {
      const script = `import { request } from 'node:http';
        request({ host: '127.0.0.1', port: 8931, path: '${path}', method: '${method}', headers: ${headers} }, (r) => {
          let text = ''; r.on('data', (part) => (text += part)).on('end', () => console.log(r.statusCode + ' ' + text));
        }).end();`;
      return host.run([process.execPath, '--input-type=module', '-e', script]);
    };
    expect(await fetched(`/${token}/`)).toMatch(/^200 [\s\S]*Teredo dashboard/);
    expect(await fetched('/')).toMatch(/^403/);
    expect(await fetched('/v1/status')).toMatch(/^403/);
    expect(await fetched(`/${token}/v1/status`)).toMatch(/^200 .*"schemaVersion":1/);
    expect(await fetched(`/${token}/v1/status`, '{ host: "evil.example" }')).toMatch(/^421/);
    expect(await fetched(`/${token}/v1/status`, '{ origin: "http://evil.example" }')).toMatch(/^403/);
    expect(await fetched(`/${token}/v1/reset`, '{}', 'POST')).toMatch(/^404/);
    expect(await fetched(`/${token}/v1/bugreport`)).toMatch(/^404/);
    const configuration = await fetched(`/${token}/v1/configuration`);
    expect(configuration).toContain('somebody');
    expect(configuration + status).not.toContain('not-to-be-seen');
  });

  test.each([
    [390, 'light'],
    [1280, 'dark'],
    [1920, 'light'],
  ] as const)('fits %i pixels, %s: nothing is cut off sideways', async (width, scheme) => {
    const { page, complaints } = await site.visit('', { width, height: 844 }, scheme);
    await page
      .getByText(/Client /)
      .first()
      .waitFor();
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
    expect(complaints).toEqual([]);
  });

  test('teredo web: without the token, or from a foreign host or origin, there is nothing', async () => {
    const { origin } = new URL(site.url);
    expect(await statusOf(`${origin}/v1/live`)).toBe(403);
    expect(await statusOf(`${site.url}v1/status`, { origin: 'http://evil.example' })).toBe(403);
    expect(await statusOf(`${site.url}v1/status`, { host: 'evil.example' })).toBe(421);
    expect(await statusOf(`${site.url}v1/status`)).toBe(200);
  });

  async function teredo(...argv: readonly string[]): Promise<string> {
    const { stdout } = await host.runToEnd([process.execPath, PROGRAM, ...argv, '--socket', socket]);
    return stdout;
  }
});

async function addressOf(host: Namespace): Promise<string> {
  return /inet6 (2001:0?:\S+)\/\d+/.exec(await host.run(['ip', '-6', 'address', 'show', 'dev', 'teredo']))![1]!;
}

/** Whether everything that can be used lies between the left and the right edge, or scrolls within something that does. */
function isWithin(page: Page): Promise<boolean> {
  const parts = 'section, .panel, .plots-head button, .chart-foot button';
  return page.evaluate(
    `[...document.querySelectorAll('${parts}')].every((part) => part.getBoundingClientRect().right <= innerWidth + 1)`,
  );
}

/** For whoever wants to look: TEREDO_SCREENSHOTS names a folder. */
async function pictures(site: Site, name: string): Promise<void> {
  const folder = process.env.TEREDO_SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  for (const width of [1280, 390]) {
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await site.visit('', { width, height: 844 }, scheme);
      await page.waitForTimeout(6_000);
      await shoot(page, join(folder, `${name}-${width}-${scheme}.png`), width < 1_000);
    }
  }
}

async function shoot(page: Page, path: string, isWhole: boolean): Promise<void> {
  await page.screenshot({ path, fullPage: isWhole });
  await page.context().close();
}

/** By hand, for `fetch` forbids to name another host. */
async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers }, resolve).on('error', reject);
  });
  answer.destroy();
  return answer.statusCode ?? 0;
}
