import { mkdtempSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listenOn } from '../../../src/daemon/control/socket-file.ts';

let folder: string;
let server: Server;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'teredo-socket-'));
  server = createServer();
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test('the socket is for owner and group, and the umask is as before', async () => {
  const before = process.umask();
  const path = join(folder, 'teredo.sock');
  const remove = await listenOn(server, path, undefined);
  expect(statSync(path).mode & 0o777).toBe(0o660);
  expect(process.umask()).toBe(before);
  remove();
  expect(() => statSync(path)).toThrow('ENOENT');
});

test('whoever owns the folder cannot have the rights of another file changed: a link in its place is not followed', async () => {
  const other = join(folder, 'other');
  writeFileSync(other, 'for root alone', { mode: 0o600 });
  const owner = statSync(other);
  // The folder is the daemon's own user's; somebody who has taken over that user, waiting for root to start anew.
  const fresh = join(folder, `.${process.pid}.sock`);
  server.once('listening', () => {
    unlinkSync(fresh);
    symlinkSync(other, fresh);
  });
  await listenOn(server, join(folder, 'teredo.sock'), '12345').catch(() => {});
  const { mode, uid, gid } = statSync(other);
  expect([mode & 0o777, uid, gid]).toEqual([0o600, owner.uid, owner.gid]);
});
