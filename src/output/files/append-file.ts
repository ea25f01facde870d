import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { foreignFile, holdFolder, MOST_LINKS, UnsafePath, type HeldFolder } from '../../util/held-folder.ts';
import { errnoName } from '../report-output.ts';

const NEWLINE_BYTE = 10;
/** Without waiting: opening a pipe that nobody reads would occupy one of Node's few threads for ever. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOCTTY;
/** What the manager itself was started with; the link behind these names leads to no path. */
const OWN_STREAM = /^\/(?:dev\/(?:stdout|stderr|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/** A file that is another user's, in a folder whose owner may have put it there. */
export class ForeignFile extends UnsafePath {}

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

  /**
   * Makes missing folders. A manager that is root follows only root's own links, and refuses a file that the owner of
   * its folder could have taken from another user, except `users`. Throws {@link ForeignFile}, `UnsafePath`, or the
   * error of mkdir(2), open(2) or fstat(2).
   */
  static async open(file: string, users: ReadonlySet<number>, links = 0): Promise<AppendFile> {
    if (OWN_STREAM.test(file)) return await AppendFile.#from(await open(file, APPEND));
    const folder = holdFolder(path.dirname(file), { users, make: 'umask' });
    try {
      const name = path.basename(file);
      const found = await openIn(folder, name);
      if (typeof found === 'string') {
        if (links === MOST_LINKS) throw new UnsafePath(`the links of ${file} lead round in a circle`);
        return await AppendFile.open(found, users, links + 1);
      }
      const foreign = foreignFile(file, await found.stat(), folder, users);
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

/** The handle, or where a link leads that has the name and is followed. */
async function openIn(folder: HeldFolder, name: string): Promise<FileHandle | string> {
  const { ruler, owner } = folder;
  const entry = folder.entry(name);
  if (process.getuid?.() !== 0) return await open(entry, APPEND | constants.O_CREAT);
  try {
    if (ruler === null) return await open(entry, APPEND | constants.O_CREAT | constants.O_NOFOLLOW);
    // With O_EXCL it is known to be a new file, so it can be given to the owner of its folder.
    const made = await open(entry, APPEND | constants.O_CREAT | constants.O_EXCL).catch((error: unknown) => {
      if (errnoName(error) !== 'EEXIST') throw error;
      return null;
    });
    if (made === null) return await open(entry, APPEND | constants.O_NOFOLLOW);
    // Without CAP_CHOWN (a container) the file stays root's.
    if (typeof ruler === 'number') await made.chown(owner.uid, owner.gid).catch(() => undefined);
    return made;
  } catch (error) {
    if (errnoName(error) !== 'ELOOP') throw error;
    return folder.target(name);
  }
}
