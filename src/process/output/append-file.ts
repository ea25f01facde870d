import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoName } from './occurrences.ts';

const NEWLINE_BYTE = 10;

/** A file that is open for appending. Its mode is 0666 without the umask's bits, as with a shell's `>>`. */
export class AppendFile {
  readonly #handle: FileHandle;
  /** A device or a pipe must be neither measured nor renamed. */
  readonly isRegular: boolean;
  #size: number;
  #endsInsideLine = false;

  private constructor(handle: FileHandle, isRegular: boolean, size: number) {
    this.#handle = handle;
    this.isRegular = isRegular;
    this.#size = size;
  }

  /** Makes missing folders. Throws the error of mkdir(2), open(2) or fstat(2). */
  static async open(path: string): Promise<AppendFile> {
    const handle = await openAppending(path).catch(async (error: unknown) => {
      if (errnoName(error) !== 'ENOENT') throw error;
      await mkdir(dirname(path), { recursive: true });
      return openAppending(path);
    });
    const stat = await handle.stat();
    return new AppendFile(handle, stat.isFile(), stat.size);
  }

  /** In bytes, as far as this writer knows. */
  get size(): number {
    return this.#size;
  }

  get endsInsideLine(): boolean {
    return this.#endsInsideLine;
  }

  /** Returns how many bytes were written, which may be fewer than there are. Throws the error of writev(2). */
  async append(blocks: Buffer[]): Promise<number> {
    const { bytesWritten } = await this.#handle.writev(blocks);
    this.#size += bytesWritten;
    let left = bytesWritten;
    for (const block of blocks) {
      if (left === 0) break;
      const taken = Math.min(left, block.length);
      this.#endsInsideLine = block[taken - 1] !== NEWLINE_BYTE;
      left -= taken;
    }
    return bytesWritten;
  }

  /** False when its last name was removed: what is written would be lost. Takes over a size that others changed. */
  async isStillThere(): Promise<boolean> {
    const stat = await this.#handle.stat();
    this.#size = stat.size;
    return stat.nlink > 0;
  }

  async close(): Promise<void> {
    // Every byte has been handed over already; there is nothing left to do about an error now.
    await this.#handle.close().catch(() => undefined);
  }
}

// Without waiting: opening a pipe that nobody reads would occupy one of Node's few threads for ever.
function openAppending(path: string): Promise<FileHandle> {
  return open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK);
}
