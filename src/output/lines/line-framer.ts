/** Cuts a stream of bytes into lines. */

/** A longer line is passed on in pieces. */
export const LINE_LIMIT_BYTES = 64 * 1024;

export const NEWLINE = Buffer.from('\n');
const NEWLINE_BYTE = 10;
const NOTHING = Buffer.alloc(0);

/**
 * Receives `held` followed by `body`: whole lines, or a piece of a line that is longer than the limit. `continues`:
 * they begin inside a line whose beginning was emitted before. The framer does not change the buffers afterwards.
 */
export type EmitLines = (held: Buffer, body: Buffer, continues: boolean) => void;

/**
 * Cuts a stream of chunks at line ends. The beginning of a line is held until its newline arrives or the limit is
 * reached. It works on bytes, without decoding: in UTF-8 the byte 10 is always a newline.
 */
export class LineFramer {
  readonly #limitBytes: number;
  #held = NOTHING;
  #heldLength = 0;
  #isInsideLine = false;

  constructor(limitBytes: number = LINE_LIMIT_BYTES) {
    this.#limitBytes = limitBytes;
  }

  push(chunk: Buffer, emit: EmitLines): void {
    const end = chunk.lastIndexOf(NEWLINE_BYTE) + 1;
    if (end > 0) {
      this.#emit(end === chunk.length ? chunk : chunk.subarray(0, end), emit);
      this.#isInsideLine = false;
    }
    if (end === chunk.length) return;
    const rest = end === 0 ? chunk : chunk.subarray(end);
    if (this.#isInsideLine || this.#heldLength + rest.length > this.#limitBytes) {
      this.#emit(rest, emit);
      this.#isInsideLine = true;
    } else {
      this.#hold(rest);
    }
  }

  /** The stream has ended: emits the held bytes, which have no newline. */
  end(emit: EmitLines): void {
    if (this.#heldLength > 0) this.#emit(NOTHING, emit);
  }

  #emit(body: Buffer, emit: EmitLines): void {
    const held = this.#held.subarray(0, this.#heldLength);
    this.#held = NOTHING;
    this.#heldLength = 0;
    emit(held, body, this.#isInsideLine);
  }

  // The bytes are copied, because a slice would keep its whole chunk in memory. The buffer doubles, so that a line that
  // arrives byte by byte is not copied for every byte.
  #hold(rest: Buffer): void {
    const length = this.#heldLength + rest.length;
    if (length > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#held.length));
      this.#held.copy(grown, 0, 0, this.#heldLength);
      this.#held = grown;
    }
    rest.copy(this.#held, this.#heldLength);
    this.#heldLength = length;
  }
}
