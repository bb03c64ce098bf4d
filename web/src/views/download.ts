/** Hands the reader a file. */
export function download(name: string, content: Uint8Array | string, type: string): void {
  const part = typeof content === 'string' ? content : content.slice();
  const address = URL.createObjectURL(new Blob([part as BlobPart], { type }));
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  // The browser has taken the octets when the click returns; a moment more for those that have not.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
