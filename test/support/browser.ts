import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const PROGRAM = fileURLToPath(new URL('../../bin/teredo', import.meta.url));
const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page and what it complained about. */
export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and requests to anybody but our own server. */
  readonly complaints: readonly string[];
}

/** A browser, and one of our pages, served as users have it served. */
export class Site {
  readonly url: string;
  readonly #server: ChildProcess;
  readonly #browser: Browser;

  private constructor(url: string, server: ChildProcess, browser: Browser) {
    this.url = url;
    this.#server = server;
    this.#browser = browser;
  }

  /** `argv`: the command that serves it. */
  static async start(argv: readonly string[]): Promise<Site> {
    const server = spawn(process.execPath, [PROGRAM, ...argv, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [first] = (await once(server.stdout, 'data')) as [Buffer];
    const { url } = JSON.parse(String(first)) as { url: string };
    return new Site(url, server, await chromium.launch({ executablePath: CHROMIUM, args: FLAGS }));
  }

  /** Opens the page; `fragment` with its "#". */
  async visit(
    fragment = '',
    size = { width: 1280, height: 800 },
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<Visit> {
    const context = await this.#browser.newContext({ viewport: size, colorScheme, acceptDownloads: true });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(this.url) && !request.url().startsWith('blob:')) complaints.push(request.url());
    });
    await page.goto(this.url + fragment);
    await page.waitForSelector('.chart', { state: 'attached' });
    return { page, complaints };
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    this.#server.kill('SIGTERM');
    if (this.#server.exitCode === null) await once(this.#server, 'exit');
  }
}
