import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CaptureReader } from '../../src/capture/capture-reader.ts';
import { parseScenarioFile } from '../../src/lab/scenario-file.ts';
import { Site } from '../support/browser.ts';
import { describeWith } from '../support/capabilities.ts';

describeWith(['chromium'], 'the laboratory in the browser', () => {
  let laboratory: Site;

  beforeAll(async () => {
    laboratory = await Site.start(['lab', 'web']);
  });
  afterAll(() => laboratory?.stop());

  test('plays: the ladder grows, the client qualifies, and nothing is complained about', async () => {
    const { page, complaints } = await laboratory.visit();
    expect(await page.locator('.row').count()).toBe(0);
    await page.getByLabel('Speed').selectOption('8');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByRole('button', { name: 'client A, client, qualified' }).waitFor();
    expect(await page.locator('.row').count()).toBeGreaterThan(3);
    await page.keyboard.press('End');
    await page.getByText('client 4 found: symmetric. It is: symmetric.').waitFor();
    expect(complaints).toEqual([]);
  });

  test('a step shows the next datagram, a step back takes it away, a line explains its octets', async () => {
    const { page, complaints } = await laboratory.visit('#scenario=two-relays');
    const rows = () => page.locator('.row').count();
    const before = await rows();
    await page.keyboard.press('ArrowRight');
    await expect.poll(rows).toBe(before + 1);
    await expect.poll(() => page.locator('.caption .sentence').textContent()).toContain('asks the server for a prefix');
    await page.keyboard.press('ArrowRight');
    await expect.poll(rows).toBe(before + 2);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(rows).toBe(before + 1);
    const panel = page.getByRole('tabpanel');
    await expect
      .poll(() => panel.textContent())
      .toContain('Drawn for each solicitation; an answer without it is not believed.');
    expect(await panel.textContent()).toContain('RFC 4380 §5.2.2');
    const nonce = panel.locator('tr', { hasText: 'Nonce' }).last();
    await nonce.hover();
    expect(await panel.locator('.octet.lit').count()).toBe(8);
    expect(complaints).toEqual([]);
  });

  test('the keyboard alone steers it: play, pause, speed, help', async () => {
    const { page } = await laboratory.visit();
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    await page.keyboard.press('+');
    expect(await page.getByLabel('Speed').inputValue()).toBe('2');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys and colours' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('with a symmetric NAT the client goes off-line, and undoing that brings it back', async () => {
    const { page, complaints } = await laboratory.visit('#scenario=walkthrough&at=60000');
    await page.getByRole('button', { name: 'NAT A, NAT, port-restricted' }).click();
    await page.getByLabel('Type of NAT').selectOption('symmetric');
    await page.getByRole('button', { name: 'NAT A, NAT, symmetric' }).waitFor();
    await page.getByRole('tab', { name: 'States and losses' }).click();
    await page.getByRole('cell', { name: 'symmetric NAT' }).first().waitFor();
    await page.getByRole('tab', { name: 'Change things' }).click();
    await page.getByRole('button', { name: 'undo' }).click();
    await page.getByRole('button', { name: 'client A, client, qualified' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('a cut link shows in the map, and what goes there is lost and says why', async () => {
    const { page, complaints } = await laboratory.visit('#scenario=two-relays&at=60000');
    await page.getByRole('button', { name: 'relay east, relay' }).click();
    await page.getByLabel('Changes hold').selectOption('1');
    await page.getByRole('button', { name: 'Cut its link' }).click();
    await page.getByRole('button', { name: 'relay east, relay, link cut' }).waitFor();
    await page.getByRole('tab', { name: 'States and losses' }).click();
    await page.getByRole('cell', { name: 'link down' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('reduced motion: a step is there at once', async () => {
    const { page } = await laboratory.visit('#scenario=two-relays');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('button', { name: 'Play', exact: true }).count()).toBe(1);
    expect(await page.locator('.row').count()).toBe(1);
  });

  test('a link restores scenario, change, instant and datagram', async () => {
    const { page } = await laboratory.visit();
    await page.getByRole('button', { name: /Choose a scenario/ }).click();
    await page.getByRole('button', { name: 'port-restricted to sequential symmetric: RFC 6081', exact: true }).click();
    await page.keyboard.press('End');
    await page.getByRole('tab', { name: 'Change things' }).click();
    await page.getByLabel('Node').selectOption('NAT B');
    await page.getByLabel('Packets lost on its link').selectOption('0.2');
    await page.locator('.row').last().click();
    await page.getByRole('tab', { name: 'Datagram' }).click();
    const chosen = await page.locator('.summary').textContent();
    await page.getByRole('button', { name: 'Share' }).click();
    const link = await page.getByLabel(/A link that restores/).inputValue();
    expect(link).toContain(laboratory.url);

    const again = await laboratory.visit(new URL(link).hash);
    expect(await again.page.locator('.summary').textContent()).toBe(chosen);
    await again.page.getByRole('tab', { name: 'Change things' }).click();
    await again.page.getByText('the link of NAT B loses 20 %').waitFor();
    expect(await again.page.getByRole('heading', { level: 1 }).textContent()).toContain('port-restricted');
  });

  test('exports: a capture that reads, a picture, a scenario that runs in the terminal', async () => {
    const { page, complaints } = await laboratory.visit('#scenario=two-relays&at=500');
    await page.getByRole('button', { name: 'Share' }).click();
    const capture = await save(page, /pcapng/);
    expect([...new CaptureReader().frames([capture])].length).toBeGreaterThan(20);
    expect(String(await save(page, /SVG/))).toMatch(/^<svg xmlns/);
    const file = parseScenarioFile(String(await save(page, /JSON/)), 'two-relays.json');
    expect(file.scenario.name).toBe('two-relays');
    expect(complaints).toEqual([]);
  });

  test.each([
    [390, 'light'],
    [1280, 'dark'],
    [1920, 'light'],
  ] as const)('fits %i pixels, %s: nothing is cut off sideways', async (width, scheme) => {
    const { page, complaints } = await laboratory.visit(
      '#scenario=walkthrough&at=7600',
      { width, height: 844 },
      scheme,
    );
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(complaints).toEqual([]);
  });

  test('a crowd of 200 nodes with 5,000 datagrams a second: frames are drawn, and counted', { retry: 2 }, async () => {
    const { page, complaints } = await laboratory.visit('#scenario=crowd');
    const rates = page.locator('.rates');
    await rates.waitFor();
    const seen: { frames: number; datagrams: number }[] = [];
    for (let second = 0; second < 5; second++) {
      await page.waitForTimeout(1_000);
      const [frames, datagrams] = await Promise.all(
        ['frames', 'datagrams'].map((name) => rates.getAttribute(`data-${name}`)),
      );
      seen.push({ frames: Number(frames), datagrams: Number(datagrams) });
    }
    const words = seen.slice(1).map(({ frames, datagrams }) => `${frames} frames and ${datagrams} datagrams`);
    process.stdout.write(`in a second each: ${words.join(', ')}\n`);
    expect(Math.max(...seen.map(({ frames }) => frames))).toBeGreaterThan(0);
    expect(Math.max(...seen.map(({ datagrams }) => datagrams))).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  test('without the token, or from a foreign host or origin, there is no page', async () => {
    const { origin, host } = new URL(laboratory.url);
    expect((await ask(`${origin}/`)).status).toBe(403);
    expect((await ask(`${origin}/index.html`)).status).toBe(403);
    expect((await ask(laboratory.url, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await ask(laboratory.url, { host: 'evil.example' })).status).toBe(421);
    expect(await ask(laboratory.url, { host, origin })).toMatchObject({ status: 200 });
  });
});

async function save(page: Page, name: RegExp): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
  return readFileSync(await download.path());
}

/** By hand, for `fetch` forbids to name another host. */
async function ask(url: string, headers: Record<string, string> = {}): Promise<{ status: number }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers }, resolve).on('error', reject);
  });
  answer.resume();
  return { status: answer.statusCode ?? 0 };
}
