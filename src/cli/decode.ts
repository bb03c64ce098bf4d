import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { TeredoError } from '../errors.ts';
import { parseHex, parseIpv6 } from '../wire/text.ts';
import { usageError } from './flags.ts';
import { ProgressLine } from './progress-line.ts';
import { wordsFor } from './words.ts';

export interface DecodeOptions {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly showValue?: boolean;
}

/** Hex digits of the shortest datagram: an IPv6 header. Shorter words are pieces of one. */
const DATAGRAM_DIGITS_MIN = 80;

const EXAMPLES = `
Examples:
  teredo decode 2001:0:cb00:7101:18a5:63be:3fff:fdd2      an address, field by field
  teredo encode rs --nonce 0102030405060708 | teredo decode -   a datagram (the UDP payload), as a tree
  teredo decode capture.pcapng                            a capture, as a story for each client
  tshark -r x.pcap -T fields -e udp.payload | teredo decode -   hex from standard input, one datagram a line

Exit status: 0 Teredo was found, 1 none or a file that is cut short, 2 the argument is not understood.`;

export function register(program: Command): void {
  program
    .command('decode')
    .description('explain a Teredo address, a datagram or a capture')
    .argument(
      '<what...>',
      'an IPv6 address, hex digits, a pcap or pcapng file, or - for hex or a capture on standard input',
    )
    .option('--json', 'print JSON')
    .option('--all', 'print every row of a capture, however many; with --json as they are read')
    .option('--show-value', 'print authentication values of datagrams too')
    .addHelpText('after', EXAMPLES)
    .action((what: string[], options: DecodeOptions) => decode(what, options));
}

/** Several words are a datagram in pieces, or each a thing of its own. */
async function decode(words: readonly string[], options: DecodeOptions): Promise<void> {
  if (words.length > 1 && words.every(isPiece) && words.some((word) => word.length < DATAGRAM_DIGITS_MIN)) {
    const bytes = hexOrError('WHAT', words.join(' '));
    const { printDatagram } = await import('./decode-datagram.ts');
    printDatagram(bytes, options);
    return;
  }
  for (const word of words) await decodeWord(word, options, words.length > 1);
}

function isPiece(word: string): boolean {
  return /^[0-9a-f:]+$/i.test(word) && parseIpv6(word) === undefined && !existsSync(word);
}

/** An address looks like hex with colons, and a file may be named like either: address, then file, then hex. */
async function decodeWord(word: string, options: DecodeOptions, isOneOfMany: boolean): Promise<void> {
  const address = parseIpv6(word);
  if (address !== undefined) {
    const { printAddress } = await import('./decode-address.ts');
    printAddress(address, options);
  } else if (word === '-') {
    await decodeStandardInput(options);
  } else if (existsSync(word)) {
    const status = statSync(word);
    if (!status.isFile() && !status.isFIFO()) {
      throw usageError('WHAT', word, 'is not a file', 'name a pcap or pcapng file');
    }
    const { printCapture } = await import('./decode-capture.ts');
    printCapture(word, chunks(word), options);
  } else {
    const bytes = hexOrError('WHAT', word);
    const { printDatagram } = await import('./decode-datagram.ts');
    printDatagram(bytes, options, isOneOfMany);
  }
}

/** A capture, told by its first octets, or hex, one datagram a line. */
async function decodeStandardInput(options: DecodeOptions): Promise<void> {
  const pieces = gathered(piecesOf(STANDARD_INPUT, 'standard input', new ProgressLine()));
  const first = pieces.next();
  const beginning = first.done === true ? new Uint8Array(0) : first.value;
  const { CaptureReader } = await import('../capture/capture-reader.ts');
  if (CaptureReader.opens(beginning)) {
    const { printCapture } = await import('./decode-capture.ts');
    printCapture('standard input', rejoined(beginning, pieces), options);
    return;
  }
  const input = Buffer.concat([...copied(rejoined(beginning, pieces))]);
  const lines = input.toString('utf8').split('\n');
  const filled = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (filled.length === 0) {
    throw usageError('WHAT', '-', 'standard input is empty', 'write one datagram a line, as hex, or a capture');
  }
  const { printDatagram } = await import('./decode-datagram.ts');
  for (const line of filled) printDatagram(hexOrError('standard input', line), options, true);
}

/** A pipe may begin with less than tells what it holds. */
function* gathered(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let beginning = Buffer.alloc(0);
  for (const piece of pieces) {
    if (beginning.length >= MAGIC_LENGTH) {
      yield piece;
      continue;
    }
    beginning = Buffer.concat([beginning, piece]);
    if (beginning.length >= MAGIC_LENGTH) yield beginning;
  }
  if (beginning.length > 0 && beginning.length < MAGIC_LENGTH) yield beginning;
}

/** For those who keep pieces: the next one lies where this one did. */
function* copied(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const piece of pieces) yield piece.slice();
}

function* rejoined(first: Uint8Array, rest: Iterator<Uint8Array>): Generator<Uint8Array> {
  yield first;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

function hexOrError(key: string, input: string): Uint8Array {
  // Colons stand between octets; between longer groups they make an address, if a wrong one.
  const isColoned = !input.includes(':') || /^[0-9a-f]{2}([:\s]+[0-9a-f]{2})*$/i.test(input.trim());
  const bytes = isColoned ? parseHex(input) : undefined;
  if (bytes !== undefined && bytes.length > 0) return bytes;
  const shown = input.length > 60 ? `${input.slice(0, 60)}...` : input;
  const isFile = /\.(pcap|pcapng|cap)$/i.test(input);
  const reason = isFile ? 'there is no such file' : reasonAgainst(input);
  const fix = isFile ? 'check the path' : 'see "teredo decode --help" for examples';
  throw usageError(key, `'${shown}'`, reason, fix);
}

function reasonAgainst(input: string): string {
  if (/^[0-9a-f\s:]+$/i.test(input)) {
    return input.includes(':') ? 'not a whole IPv6 address' : 'an odd number of hex digits, so an octet is cut';
  }
  return 'neither an IPv6 address, nor hex digits, nor a file';
}

const STANDARD_INPUT = 0;
/** How long a reader of standard input sleeps where there is nothing yet. */
const NAP_MS = 5;
/** Octets that tell a capture. */
const MAGIC_LENGTH = 4;
/** Octets of a file at a time. */
const CHUNK_LENGTH = 256 * 1024;

/** A file piece by piece, so that its size does not matter. */
function* chunks(path: string): Generator<Uint8Array> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw usageError('WHAT', path, wordsFor(error), 'name a readable file');
  }
  try {
    yield* piecesOf(file, path, new ProgressLine());
  } finally {
    closeSync(file);
  }
}

/** The octets of an open file, pipe or socket, each piece where the one before was. */
function* piecesOf(file: number, path: string, progress: ProgressLine): Generator<Uint8Array> {
  try {
    const total = fstatSync(file).size;
    const chunk = new Uint8Array(CHUNK_LENGTH);
    let done = 0;
    for (let length = readChunk(file, path, chunk); length > 0; length = readChunk(file, path, chunk)) {
      yield chunk.subarray(0, length);
      done += length;
      const current = total === 0 ? megabytes(done) : `${megabytes(done)} of ${megabytes(total)}`;
      progress.update({ done, total: Math.max(total, done), current: [current] });
    }
  } finally {
    progress.end();
  }
}

function megabytes(octets: number): string {
  return `${Math.ceil(octets / 1e6)} MB`;
}

/** Errors: TeredoError when the system cannot give what the file has: a bad disk, a server that went away. */
function readChunk(file: number, path: string, chunk: Uint8Array): number {
  for (;;) {
    try {
      return readSync(file, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      // Whoever shares the other end of standard input may have said that nobody waits on it.
      if (code !== 'EAGAIN') {
        throw new TeredoError('TD-READ', `${path}: ${wordsFor(error)}`, 'copy the file to a good place first');
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, NAP_MS);
    }
  }
}
