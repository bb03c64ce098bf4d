/** Capture files of any byte order, made by hand: what other programs write, and our writer does not. */

type Block = (type: number, ...parts: Uint8Array[]) => Uint8Array;
type Number16 = (value: number) => Uint8Array;
type Option = (code: number, value: Uint8Array) => Uint8Array;

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A section with these blocks; `make` is given what writes numbers in its byte order. */
export function pcapngSection(
  isLittle: boolean,
  make: (block: Block, u16: Number16, u32: Number16, option: Option) => Uint8Array[],
): Uint8Array {
  const u16 = (value: number) => number(2, value, isLittle);
  const u32 = (value: number) => number(4, value, isLittle);
  const block: Block = (type, ...parts) => {
    const body = padded(joined(parts));
    return joined([u32(type), u32(12 + body.length), body, u32(12 + body.length)]);
  };
  const option: Option = (code, value) => joined([u16(code), u16(value.length), padded(value)]);
  const header = block(0x0a0d0d0a, u32(0x1a2b3c4d), u16(1), u16(0), new Uint8Array(8).fill(255));
  return joined([header, ...make(block, u16, u32, option)]);
}

/** A classic file; packets are a second apart, from 1000 s on, with the fraction 123456. */
export function classicFile(isLittle: boolean, magic: number, linkType: number, packets: Uint8Array[]): Uint8Array {
  const u32 = (value: number) => number(4, value, isLittle);
  const u16 = (value: number) => number(2, value, isLittle);
  const header = [u32(magic), u16(2), u16(4), u32(0), u32(0), u32(65_535), u32(linkType)];
  const records = packets.flatMap((packet, i) => [
    u32(1_000 + i),
    u32(123_456),
    u32(packet.length),
    u32(packet.length),
    packet,
  ]);
  return joined([...header, ...records]);
}

function number(octets: 2 | 4, value: number, isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(octets);
  const view = new DataView(bytes.buffer);
  if (octets === 2) view.setUint16(0, value, isLittle);
  else view.setUint32(0, value, isLittle);
  return bytes;
}

function padded(bytes: Uint8Array): Uint8Array {
  return joined([bytes, new Uint8Array((4 - (bytes.length % 4)) % 4)]);
}
