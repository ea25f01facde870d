import { FlowGate } from '../destinations/flow-gate.ts';

const HIGH_BACKLOG_BYTES = 1024 * 1024;
const LOW_BACKLOG_BYTES = 256 * 1024;
// Below the limit of writev(2) (IOV_MAX, 1024 on Linux).
const MAX_BATCH_BLOCKS = 256;
const NEWLINE_BYTE = 10;

/** The blocks that wait to be written to a log file. Its gate is shut while too many bytes wait. */
export class LogQueue {
  readonly gate = new FlowGate();
  readonly #blocks: Buffer[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  add(block: Buffer): void {
    this.#blocks.push(block);
    this.#bytes += block.length;
    if (this.#bytes > HIGH_BACKLOG_BYTES) this.gate.shut();
  }

  /** Adds `block` before all others. */
  addFirst(block: Buffer): void {
    this.#blocks.unshift(block);
    this.#bytes += block.length;
  }

  /**
   * The next blocks, at most `roomBytes`, cut at a line end. They stay in the queue until `drop`. Empty: the first line
   * does not fit. A line longer than `limitBytes`, the limit of a whole file, is cut anywhere.
   */
  next(roomBytes: number, limitBytes: number): Buffer[] {
    const batch: Buffer[] = [];
    let left = roomBytes;
    for (const block of this.#blocks.slice(0, MAX_BATCH_BLOCKS)) {
      if (block.length > left) break;
      batch.push(block);
      left -= block.length;
    }
    const first = this.#blocks[0];
    if (batch.length > 0 || first === undefined) return batch;
    const lineEnd = roomBytes > 0 ? first.lastIndexOf(NEWLINE_BYTE, roomBytes - 1) + 1 : 0;
    if (lineEnd > 0) return [first.subarray(0, lineEnd)];
    return roomBytes === limitBytes ? [first.subarray(0, limitBytes)] : [];
  }

  /** Removes the first `bytes`. */
  drop(bytes: number): void {
    let left = bytes;
    for (let first = this.#blocks[0]; first !== undefined && left > 0; first = this.#blocks[0]) {
      if (first.length > left) {
        this.#blocks[0] = first.subarray(left);
        break;
      }
      left -= first.length;
      this.#blocks.shift();
    }
    this.#bytes -= bytes;
    if (this.#bytes <= LOW_BACKLOG_BYTES) this.gate.open();
  }

  /** Removes all blocks and returns the number of their bytes. */
  clear(): number {
    const bytes = this.#bytes;
    this.drop(bytes);
    return bytes;
  }
}
