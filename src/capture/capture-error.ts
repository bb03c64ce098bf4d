/** A capture file that cannot be read, or not to its end. `offset` is the octet of the file where reading stopped. */
export class CaptureError extends Error {
  readonly code = 'ERR_TEREDO_CAPTURE';
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(`${problem} (at octet ${offset} of the file)`);
    this.name = 'CaptureError';
    this.offset = offset;
  }
}
