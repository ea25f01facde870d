/**
 * Opens files that another user can own or replace. A FIFO without a writer blocks open(2) forever, and a file can be
 * replaced between a check with stat(2) and the open. So open(2) does not wait, and fstat(2) checks the opened file.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * Flags of open(2). `O_NONBLOCK`: open(2) does not wait, also not for a lease (fcntl(2)). `O_NOCTTY`: a terminal does
 * not become the manager's controlling terminal.
 */
export const READ_WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const CHUNK_BYTES = 64 * 1024;

/** What happens if the path is a symbolic link. */
export type Links = 'follow' | 'refuse';

/** The file is not a regular file, or is too large. The message begins with "it" and does not contain the path. */
export class UnsuitableFile extends Error {
  override readonly name = 'UnsuitableFile';
}

/** Opens a regular file for reading; the caller closes it. Throws {@link UnsuitableFile}, or the error of open(2). */
export function openRegular(path: string, links: Links = 'follow'): number {
  const descriptor = openSync(path, flagsFor(links));
  try {
    refuseOthers(fstatSync(descriptor));
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Like `openRegular`, but asynchronous. */
export async function openRegularHandle(path: string, links: Links = 'follow'): Promise<FileHandle> {
  const handle = await open(path, flagsFor(links));
  try {
    refuseOthers(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * The whole content. Throws {@link UnsuitableFile} if the content is longer than `limitBytes`, or if `refuse` returns a
 * reason against the opened file. Also throws the errors of `openRegular`.
 */
export function readRegular(
  path: string,
  limitBytes: number,
  refuse: (file: Stats, realPath: string) => string | null = () => null,
): Buffer {
  const descriptor = openRegular(path);
  try {
    const reason = refuse(fstatSync(descriptor), realPathOf(descriptor, path));
    if (reason !== null) throw new UnsuitableFile(reason);
    const chunks: Buffer[] = [];
    for (let length = 0; ;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const read = readSync(descriptor, chunk);
      if (read === 0) return Buffer.concat(chunks);
      length += read;
      // The size from fstat(2) is no limit: a file can grow, and files in /proc have size 0.
      if (length > limitBytes) throw new UnsuitableFile(`it is larger than ${limitBytes} bytes`);
      chunks.push(chunk.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** The real path of the opened file, even if the path leads to another file meanwhile. */
function realPathOf(descriptor: number, path: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return realpathSync(path);
  }
}

function flagsFor(links: Links): number {
  return links === 'follow' ? READ_WITHOUT_WAITING : READ_WITHOUT_WAITING | constants.O_NOFOLLOW;
}

function refuseOthers(stat: Stats): void {
  if (!stat.isFile()) throw new UnsuitableFile(`it is ${kindOf(stat)}, not a regular file`);
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a FIFO';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}
