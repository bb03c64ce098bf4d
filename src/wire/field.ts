/** One line of the tree that `describe` makes of a datagram. */
export interface Field {
  /** As tshark names it, where tshark has a name: "teredo.auth.nonce". */
  readonly name: string;
  /** For people: "Nonce". */
  readonly label: string;
  readonly value: string | number;
  /** Which octets say so: offset in the described block, and how many. */
  readonly at: number;
  readonly length: number;
  readonly children: readonly Field[];
}

export function field(
  name: string,
  label: string,
  value: string | number,
  at: number,
  length: number,
  children: readonly Field[] = [],
): Field {
  return { name, label, value, at, length, children };
}

/** The first field of that name, searched depth first. */
export function findField(fields: readonly Field[], name: string): Field | undefined {
  for (const candidate of fields) {
    const found = candidate.name === name ? candidate : findField(candidate.children, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** "0x00ff", with as many digits as the field has. */
export function hex(value: number, octets: number): string {
  return `0x${(value >>> 0).toString(16).padStart(2 * octets, '0')}`;
}

/** Text where every octet is printable ASCII, else hex digits. */
export function textOrHex(bytes: Uint8Array): string {
  const isText = bytes.length > 0 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  let text = '';
  for (const byte of bytes) text += isText ? String.fromCharCode(byte) : byte.toString(16).padStart(2, '0');
  return text;
}
