/** What `perf script` prints, as stacks and as shares of where the time went. */

/** One stack, outermost frame first, and how many samples had it. */
export interface Stack {
  readonly frames: readonly string[];
  readonly samples: number;
}

/** A frame of `perf script`: an address, a name with or without an offset, and the file it is in. */
const FRAME = /^\s+[0-9a-f]+ (.+) \((.*)\)$/;
const KERNEL = '[kernel.kallsyms]';
const KERNEL_MARK = '_[k]';

/** Where time goes, innermost reason first; each sample belongs to the first that fits. */
const REASONS: readonly { readonly name: string; readonly fits: (leaf: string, stack: string) => boolean }[] = [
  {
    name: 'kernel: copying octets into it and out of it',
    fits: (leaf) => /^(_copy_(from|to)_iter|rep_movs|copy_(from|to)_user|__check_object_size|memcpy)/.test(leaf),
  },
  { name: 'kernel: waiting and waking', fits: (_, stack) => /epoll_wait|__schedule|try_to_wake_up/.test(stack) },
  { name: 'kernel: UDP, IPv4, NAT, veth, TUN, TCP', fits: (leaf) => leaf.endsWith(KERNEL_MARK) },
  { name: 'ours: checksums (WASM)', fits: (leaf) => leaf.startsWith('wasm') },
  { name: 'ours: TypeScript', fits: (leaf) => leaf.includes('.js:') },
  { name: 'Node, V8, libc, koffi', fits: () => true },
];

/** Stacks from `perf script -F pid,ip,sym,dso`; `names` tells whose a process is. Samples of others are left out. */
export function parseStacks(text: string, names: ReadonlyMap<number, string>): Stack[] {
  const counts = new Map<string, number>();
  for (const block of text.split('\n\n')) {
    const [head = '', ...lines] = block.trimEnd().split('\n');
    const name = names.get(Number.parseInt(head, 10));
    if (name === undefined) continue;
    const frames = lines.flatMap((line) => frame(line) ?? []).reverse();
    const key = [name, ...frames].join('\n');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, samples]) => ({ frames: key.split('\n'), samples }));
}

/** The share of each reason, from 0 to 1, largest first. */
export function shares(stacks: readonly Stack[]): { readonly name: string; readonly share: number }[] {
  const total = stacks.reduce((sum, { samples }) => sum + samples, 0);
  const found = new Map<string, number>();
  for (const { frames, samples } of stacks) {
    const leaf = frames.at(-1)!;
    const stack = frames.join(';');
    const { name } = REASONS.find(({ fits }) => fits(leaf, stack))!;
    found.set(name, (found.get(name) ?? 0) + samples);
  }
  return [...found].map(([name, samples]) => ({ name, share: samples / total })).sort((a, b) => b.share - a.share);
}

/** A frame in few words, or undefined where perf knows no name: below a foreign call it loses its way. */
function frame(line: string): string | undefined {
  const [, symbol, file] = FRAME.exec(line) ?? [];
  if (symbol === undefined || file === undefined || symbol === '[unknown]') return undefined;
  if (file === KERNEL) return symbol + KERNEL_MARK;
  if (symbol.startsWith('JS:wasm')) return 'wasm checksum';
  // "JS:*receive file:///.../dist/roles/relay/forwarding.js:9:24": the mark tells which compiler made it.
  const ours = /^JS:[*^~+]?(\S*) file:.*\/dist\/(.*?\.js:\d+)/.exec(symbol);
  if (ours !== null) return `${ours[1] === '' ? '(anonymous)' : ours[1]} ${ours[2]}`;
  // What runs below our own loop is how Node came there, the same for all.
  return /^Builtins_|^v8::|^node|^uv_|^JS:|clone3|^start_thread/.test(symbol) ? undefined : symbol;
}
