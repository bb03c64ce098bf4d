import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { parseHex, parseIpv6 } from '../wire/text.ts';
import { usageError } from './flags.ts';

export interface DecodeOptions {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly showValue?: boolean;
}

const EXAMPLES = `
Examples:
  teredo decode 2001:0:cb00:7101:18a5:63be:3fff:fdd2      an address, field by field
  teredo decode 0001000001020304050607080060000000...     a datagram (the UDP payload), as a tree
  teredo decode capture.pcapng                            a capture, as a story for each client
  tshark -r x.pcap -T fields -e udp.payload | teredo decode -   hex from standard input, one datagram a line

Exit status: 0 Teredo was found, 1 none or a file that is cut short, 2 the argument is not understood.`;

export function register(program: Command): void {
  program
    .command('decode')
    .description('explain a Teredo address, a datagram or a capture')
    .argument('<what...>', 'an IPv6 address, hex digits, a pcap or pcapng file, or - for hex on standard input')
    .option('--json', 'print JSON')
    .option('--all', 'print every row of a capture, however many')
    .option('--show-value', 'print authentication values of datagrams too')
    .addHelpText('after', EXAMPLES)
    .action((what: string[], options: DecodeOptions) => decode(what, options));
}

/** An address looks like hex with colons, and a file may be named like either: address, then file, then hex. */
async function decode(what: readonly string[], options: DecodeOptions): Promise<void> {
  const [first = ''] = what;
  const address = what.length === 1 ? parseIpv6(first) : undefined;
  if (address !== undefined) {
    const { printAddress } = await import('./decode-address.ts');
    printAddress(address, options);
  } else if (first === '-' && what.length === 1) {
    const { printDatagram } = await import('./decode-datagram.ts');
    for (const line of await standardInput()) printDatagram(hexOrError('standard input', line), options, true);
  } else if (what.length === 1 && existsSync(first)) {
    if (!statSync(first).isFile()) throw usageError('WHAT', first, 'is not a file', 'name a pcap or pcapng file');
    const { printCapture } = await import('./decode-capture.ts');
    printCapture(first, chunks(first), options);
  } else {
    const bytes = hexOrError('WHAT', what.join(' '));
    const { printDatagram } = await import('./decode-datagram.ts');
    printDatagram(bytes, options);
  }
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

/** Not by `readFileSync`: a pipe that is slow to fill would make that fail with EAGAIN. */
async function standardInput(): Promise<string[]> {
  const lines = (await text(process.stdin)).split('\n');
  const filled = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (filled.length === 0)
    throw usageError('WHAT', '-', 'standard input is empty', 'write one datagram a line, as hex');
  return filled;
}

const CHUNK_LENGTH = 256 * 1024;

/** A file piece by piece, so that its size does not matter. */
function* chunks(path: string): Generator<Uint8Array> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw usageError('WHAT', path, (error as NodeJS.ErrnoException).code ?? 'cannot be read', 'name a readable file');
  }
  try {
    const buffer = new Uint8Array(CHUNK_LENGTH);
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}
