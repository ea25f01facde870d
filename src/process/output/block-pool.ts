const BLOCK_BYTES = 96 * 1024;
/** Less than this is not worth a block; Node takes it from a pool of its own. */
const SMALL_BYTES = 4 * 1024;
const MAX_FREE_BLOCKS = 8;

/**
 * Memory for output, used again as soon as it has been written. Lines of 100 bytes get their prefixes twice as fast in
 * memory that is still in the cache as in new one.
 */
export class BlockPool {
  readonly #free: ArrayBufferLike[] = [];

  /** `minBytes` or more. */
  take(minBytes: number): Buffer {
    if (minBytes <= SMALL_BYTES || minBytes > BLOCK_BYTES) return Buffer.allocUnsafe(minBytes);
    const block = this.#free.pop();
    return block === undefined ? Buffer.allocUnsafeSlow(BLOCK_BYTES) : Buffer.from(block);
  }

  /** `part` was cut out of what `take` returned, and nothing refers to that any more. */
  giveBack(part: Buffer): void {
    const isBlock = part.buffer.byteLength === BLOCK_BYTES;
    if (isBlock && this.#free.length < MAX_FREE_BLOCKS) this.#free.push(part.buffer);
  }
}
