/** Opens a log file safely and appends to it. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { writeRefusal, holdFolder, UnsafePath, type HeldFolder } from '../../util/held-folder.ts';
import { MOST_LINKS } from '../../util/path-parts.ts';
import { errnoName } from '../report-output.ts';

const NEWLINE_BYTE = 10;
/** `O_NONBLOCK`: opening a pipe that has no reader would block one of the few threads of Node.js forever. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOCTTY;
/** A descriptor that the manager inherited. The link with this name leads to no path. */
const OWN_STREAM = /^\/(?:dev\/(?:stdout|stderr|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/** The file belongs to another user, and the owner of its folder may have moved it there. */
export class ForeignFile extends UnsafePath {}

/**
 * A file that is open for appending. A new file gets the mode 0666 without the bits of the umask, as with `>>` in a
 * shell.
 */
export class AppendFile {
  readonly #handle: FileHandle;
  /** A device or a pipe has no size limit and is not renamed. */
  readonly isRegular: boolean;
  #size: number;
  #endsInsideLine = false;

  private constructor(handle: FileHandle, isRegular: boolean, size: number) {
    this.#handle = handle;
    this.isRegular = isRegular;
    this.#size = size;
  }

  /**
   * Creates missing folders. If the manager runs as root, it follows only links of root. It also refuses a file of
   * another user that the owner of the folder may have moved there, except files of `users`. Throws {@link
   * ForeignFile}, `UnsafePath`, or the error of mkdir(2), open(2) or fstat(2).
   */
  static async open(file: string, users: ReadonlySet<number>, links = 0): Promise<AppendFile> {
    if (OWN_STREAM.test(file)) return await AppendFile.#from(await open(file, APPEND));
    const folder = holdFolder(path.dirname(file), { users, make: 'umask' });
    try {
      const name = path.basename(file);
      const found = await openIn(folder, name);
      if (typeof found === 'string') {
        if (links === MOST_LINKS) throw new UnsafePath(`the symbolic links of ${file} form a loop`);
        return await AppendFile.open(found, users, links + 1);
      }
      const foreign = writeRefusal(file, await found.stat(), folder, users);
      if (foreign === null) return await AppendFile.#from(found);
      await found.close();
      throw new ForeignFile(foreign);
    } finally {
      folder.close();
    }
  }

  static async #from(handle: FileHandle): Promise<AppendFile> {
    const stat = await handle.stat();
    return new AppendFile(handle, stat.isFile(), stat.size);
  }

  /** In bytes. Writes of other processes are counted after the next `isStillThere`. */
  get size(): number {
    return this.#size;
  }

  get endsInsideLine(): boolean {
    return this.#endsInsideLine;
  }

  /** Returns the number of written bytes, which may be fewer than the blocks have. Throws the error of writev(2). */
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

  /** False if its last name was removed: further bytes would be lost. Also reads the size again. */
  async isStillThere(): Promise<boolean> {
    const stat = await this.#handle.stat();
    this.#size = stat.size;
    return stat.nlink > 0;
  }

  async close(): Promise<void> {
    // All bytes have already been written, so an error has no consequence.
    await this.#handle.close().catch(() => undefined);
  }
}

/** The handle; or the target, if the name is a symbolic link that is followed. */
async function openIn(folder: HeldFolder, name: string): Promise<FileHandle | string> {
  const { ruler, owner } = folder;
  const entry = folder.entry(name);
  if (process.getuid?.() !== 0) return await open(entry, APPEND | constants.O_CREAT);
  try {
    if (ruler === null) return await open(entry, APPEND | constants.O_CREAT | constants.O_NOFOLLOW);
    // O_EXCL guarantees a new file, so it can be given to the owner of its folder.
    const made = await open(entry, APPEND | constants.O_CREAT | constants.O_EXCL).catch((error: unknown) => {
      if (errnoName(error) !== 'EEXIST') throw error;
      return null;
    });
    if (made === null) return await open(entry, APPEND | constants.O_NOFOLLOW);
    // Without CAP_CHOWN (in a container) the file still belongs to root.
    if (typeof ruler === 'number') await made.chown(owner.uid, owner.gid).catch(() => undefined);
    return made;
  } catch (error) {
    if (errnoName(error) !== 'ELOOP') throw error;
    return folder.target(name);
  }
}
