/** Adds a prefix to every line. */
import { MAX_PREFIX_BYTES, type BlockPool } from './block-pool.ts';

const NEWLINE_BYTE = 10;

export class LinePrefix {
  readonly #pool: BlockPool;
  readonly #bytes: Buffer;

  constructor(text: string, pool: BlockPool) {
    this.#pool = pool;
    this.#bytes = Buffer.from(text).subarray(0, MAX_PREFIX_BYTES);
  }

  /**
   * The bytes of `held` and `body` with the prefix before each line. `continues`: no prefix before the first one. The
   * blocks are from the pool.
   */
  apply(held: Buffer, body: Buffer, continues: boolean): Buffer[] {
    const blocks: Buffer[] = [];
    let parts = [held, body];
    let isInsideLine = continues;
    while (parts.some((part) => part.length > 0)) {
      const { block, taken } = this.#pool.interleave(parts, this.#bytes, isInsideLine);
      blocks.push(block);
      isInsideLine = block.at(-1) !== NEWLINE_BYTE;
      parts = without(parts, taken);
    }
    return blocks;
  }
}

function without(parts: readonly Buffer[], bytes: number): Buffer[] {
  let left = bytes;
  return parts.map((part) => {
    const rest = part.subarray(left);
    left -= part.length - rest.length;
    return rest;
  });
}
