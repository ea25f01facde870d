/**
 * Opens files that another user may own or replace. A FIFO without a writer blocks open(2) for ever, and a check with
 * stat(2) beforehand leaves a moment in which the file is replaced. So the open itself does not wait, and the check
 * looks at what was opened.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * Flags of open(2). `O_NONBLOCK` also covers a lease (fcntl(2)). `O_NOCTTY`: a terminal must not become the manager's
 * own.
 */
export const READ_WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const CHUNK_BYTES = 64 * 1024;

/** Whether a symbolic link that has the file's name is followed. */
export type Links = 'follow' | 'refuse';

/** The file is not a regular one, or is too large; the message begins with "it" and leaves the path out. */
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

/** The same as a promise. */
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
 * The whole content. Throws {@link UnsuitableFile} if it is longer than `limitBytes`, or if `refuse` has a reason
 * against the file that was opened; and what the opening throws.
 */
export function readRegular(
  path: string,
  limitBytes: number,
  refuse: (file: Stats) => string | null = () => null,
): Buffer {
  const descriptor = openRegular(path);
  try {
    const reason = refuse(fstatSync(descriptor));
    if (reason !== null) throw new UnsuitableFile(reason);
    const chunks: Buffer[] = [];
    for (let length = 0; ;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const read = readSync(descriptor, chunk);
      if (read === 0) return Buffer.concat(chunks);
      length += read;
      // Not by the size that fstat(2) reports: the file can grow, and one of /proc has none.
      if (length > limitBytes) throw new UnsuitableFile(`it is larger than ${limitBytes} bytes`);
      chunks.push(chunk.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
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
