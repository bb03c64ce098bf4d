import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinedDomain } from '../../src/daemon/managed-network.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'teredo-joined-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a host without any of the files has joined nothing', () => {
  expect(joinedDomain(root)).toBeUndefined();
});

test('SSSD: a domain of Active Directory or FreeIPA, by its name or ad_domain; a local one is none', () => {
  write('sssd/sssd.conf', '[sssd]\ndomains = home, corp\n[domain/home]\nid_provider = files\n');
  expect(joinedDomain(root)).toBeUndefined();
  write('sssd/sssd.conf', '[domain/home]\nid_provider = files\n[domain/corp.example]\nid_provider = ad\n');
  expect(joinedDomain(root)).toBe('corp.example');
  write('sssd/sssd.conf', '[domain/corp]\nid_provider = ad\nad_domain = ad.corp.example\n');
  expect(joinedDomain(root)).toBe('ad.corp.example');
});

test('Samba: the realm of a member of Active Directory', () => {
  write('samba/smb.conf', '[global]\n  security = user\n  realm = CORP.EXAMPLE\n');
  expect(joinedDomain(root)).toBeUndefined();
  write('samba/smb.conf', '[global]\n  realm = CORP.EXAMPLE\n  security = ADS\n');
  expect(joinedDomain(root)).toBe('corp.example');
});

function write(path: string, text: string): void {
  mkdirSync(join(root, 'etc', path, '..'), { recursive: true });
  writeFileSync(join(root, 'etc', path), text);
}
