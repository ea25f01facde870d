import type { BlockPool } from './block-pool.ts';

const NEWLINE_BYTE = 10;
const WORD_BYTES = 4;
const MAX_GAP_BYTES = 16 * 1024;

/**
 * Puts a prefix before every line. The lines lie at the end of one buffer and move to its front one by one, each
 * behind its prefix: `copyWithin` and stores of whole words were the fastest of a dozen ways tried (copying from one
 * buffer into another makes a view a line and is half as fast).
 */
export class LinePrefix {
  readonly #pool: BlockPool;
  readonly #length: number;
  readonly #words: readonly number[];

  constructor(text: string, pool: BlockPool) {
    this.#pool = pool;
    const bytes = Buffer.from(text);
    this.#length = bytes.length;
    const padded = Buffer.concat([bytes], Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES);
    this.#words = Array.from({ length: padded.length / WORD_BYTES }, (_, index) =>
      padded.readInt32LE(index * WORD_BYTES),
    );
  }

  /**
   * The bytes of `held` and `body` with the prefix before each line; `continues`: none before the first one. The blocks
   * are from the pool, and no two in the same memory.
   */
  apply(held: Buffer, body: Buffer, continues: boolean): Buffer[] {
    const length = held.length + body.length;
    const out = this.#makeRoom(length);
    held.copy(out, out.length - length);
    body.copy(out, out.length - body.length);
    const blocks: Buffer[] = [];
    let rest = this.#interleave(out, length, continues, blocks);
    while (rest.length > 0) {
      const next = this.#makeRoom(rest.length);
      rest.copy(next, next.length - rest.length);
      rest = this.#interleave(next, rest.length, false, blocks);
    }
    return blocks;
  }

  // Room for the prefixes lies before the lines: for all of them where that is little, else for as many as usual
  // output has. Where it does not suffice, another buffer follows.
  #makeRoom(length: number): Buffer {
    const gap = Math.min(length * this.#length, MAX_GAP_BYTES);
    return this.#pool.take(this.#words.length * WORD_BYTES + gap + length);
  }

  /** Adds one block made of the lines in the last `unread` bytes of `out`; returns those that it had no room for. */
  #interleave(out: Buffer, unread: number, continues: boolean, blocks: Buffer[]): Buffer {
    const words = this.#words;
    const prefixLength = this.#length;
    const reach = words.length * WORD_BYTES;
    const view = new DataView(out.buffer, out.byteOffset, out.length);
    const size = out.length;
    let from = size - unread;
    let to = 0;
    let isBare = continues;
    while (from < size && to + reach <= from) {
      if (!isBare) {
        // Up to three bytes too many, which the line then covers.
        for (let index = 0, at = to; index < words.length; index++, at += WORD_BYTES) {
          view.setInt32(at, words[index] ?? 0, true);
        }
        to += prefixLength;
      }
      isBare = false;
      const newline = out.indexOf(NEWLINE_BYTE, from);
      const end = newline === -1 ? size : newline + 1;
      out.copyWithin(to, from, end);
      to += end - from;
      from = end;
    }
    blocks.push(out.subarray(0, to));
    return out.subarray(from);
  }
}
