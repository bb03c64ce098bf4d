import { spawn } from 'node:child_process';

/** As the desktop does it; where there is none, the address on the terminal must do. */
export function openBrowser(url: string): void {
  const child = spawn('xdg-open', [url], { stdio: 'ignore', detached: true });
  child.on('error', () => process.stderr.write('no browser could be opened; open the address yourself\n'));
  child.unref();
}
