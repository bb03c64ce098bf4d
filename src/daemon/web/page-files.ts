import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TeredoError } from '../../errors.ts';

/** One file of the page. */
export interface PageFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Where the build puts the page, beside the compiled sources or beside the sources themselves. */
const PLACES = ['../../web', '../../../dist/web'].map((place) => fileURLToPath(new URL(place, import.meta.url)));

/**
 * The built page, whole, by path as in an address: "index.html", "assets/index-....js".
 *
 * Shape:  read once, so that no request reaches the file system.
 * Errors: TeredoError when the page was not built.
 */
export function readPage(places: readonly string[] = PLACES): ReadonlyMap<string, PageFile> {
  const folder = places.find((place) => existsSync(join(place, 'index.html')));
  if (folder === undefined) {
    throw new TeredoError('TD-WEB-PAGE', 'the page is not built', 'in a clone: npm run build');
  }
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const type = TYPES[extname(entry.name)] ?? 'application/octet-stream';
      return [relative(folder, path).split(sep).join('/'), { bytes: Uint8Array.from(readFileSync(path)), type }];
    }),
  );
}
