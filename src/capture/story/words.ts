/** Small words for sentences. */

/** "an echo request", "TCP data". */
export function aPacket(kind: string): string {
  if (kind.startsWith('TCP data') || kind === 'UDP') return kind === 'UDP' ? 'a UDP datagram' : kind;
  return `${/^[aeiouI]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "4.0 s", "35 ms". */
export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** "second", "third" ... for the tries of a client. */
export function ordinal(count: number): string {
  return ['first', 'second', 'third', 'fourth', 'fifth'][count - 1] ?? `${count}th`;
}
