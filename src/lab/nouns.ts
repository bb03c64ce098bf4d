/** "client A" and "NAT 2" are names; "relay" and "IPv6 host" say what a node is, and take an article. */
export function noun(node: string): string {
  return /\b[A-Z0-9]$/.test(node) ? node : `the ${node}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "27.2 s", "86 ms". */
export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
