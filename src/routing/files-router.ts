/** A folder in which a file named after the parameter exists exactly while that instance takes new requests. */
import { lstat, open, realpath, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { fingerprint } from '../util/fingerprint.ts';
import { holdFolder, type HeldFolder } from '../util/held-folder.ts';
import { openRegularHandle } from '../util/regular-file.ts';
import { fileFailure } from './file-failure.ts';
import type { Deviation, Router, Targets } from './router.ts';

/** Whoever routes is another user as a rule: it has to see the file, and may read the address in it. */
const MODE = 0o644;
const FOLDER_MODE = 0o755;
const ROOT = 0;

/**
 * A file that is to appear is written under a temporary name first, and one that is to go is renamed to that name first:
 * whoever looks sees a whole file or none, and a crash leaves at most one file more, which the next switch overwrites.
 */
export class FilesRouter implements Router {
  readonly #folder: string;
  readonly #temporary: string;
  /** Folders of root are fine, too: the name and the content of a file are the configuration's. */
  readonly #users: ReadonlySet<number>;
  readonly #parameters: readonly string[];
  readonly #addressOf: (parameter: string) => string | null;

  constructor(
    folder: string,
    service: string,
    { parameters, former }: Targets,
    addressOf: (parameter: string) => string | null,
    user: number | null,
  ) {
    this.#folder = folder;
    this.#temporary = `.alternate-${fingerprint(service)}`;
    this.#users = new Set([ROOT, user ?? ROOT]);
    this.#parameters = [...parameters, ...former];
    this.#addressOf = addressOf;
  }

  direct(to: string): Promise<string | null> {
    return this.#inWords(async () => {
      const found = await this.#look();
      if (typeof found === 'string') return found;
      const right = found.has(to) && (await this.#isRight(to));
      const others = [...found].filter((parameter) => parameter !== to);
      if (right && others.length === 0) return null;
      await this.#in(FOLDER_MODE, async (folder) => {
        if (!right) await this.#show(folder, to);
        for (const other of others) await this.#hide(folder, other);
      });
      return null;
    });
  }

  withdraw(): Promise<string | null> {
    return this.#inWords(async () => {
      const found = await this.#look();
      if (typeof found === 'string') return found;
      if (found.size === 0) return null;
      await this.#in(null, async (folder) => {
        for (const parameter of found) await this.#hide(folder, parameter);
      });
      return null;
    });
  }

  async deviation(to: string): Promise<Deviation | null> {
    try {
      const found = await this.#look();
      if (typeof found === 'string') return { reason: found, mendable: false };
      const other = [...found].find((parameter) => parameter !== to);
      if (found.has(to) && other === undefined) return null;
      const reason = found.has(to)
        ? `the file ${this.#fileOf(other ?? '')} is there, too`
        : `the file ${this.#fileOf(to)} is gone`;
      return { reason, mendable: true };
    } catch (error) {
      return { reason: fileFailure(error as NodeJS.ErrnoException, this.#folder), mendable: false };
    }
  }

  async place(): Promise<string | null> {
    return await realpath(this.#folder).catch(() => null);
  }

  /** Looked at before anything is changed. @returns the parameters that have a file, or what is in the way of one */
  async #look(): Promise<ReadonlySet<string> | string> {
    // All at once: the keeper looks every second, and this is one or two wake-ups instead of one for each file.
    const stats = await Promise.all(
      this.#parameters.map(async (parameter) => ({
        parameter,
        stat: await lstat(this.#fileOf(parameter)).catch(ignoring('ENOENT')),
      })),
    );
    const found = new Set<string>();
    for (const { parameter, stat } of stats) {
      if (stat === undefined) continue;
      if (!stat.isFile())
        return `${this.#fileOf(parameter)} is ${stat.isDirectory() ? 'a folder' : 'not a plain file'}, and a file is to be there while requests go to ${parameter}: move it away, or name another folder in route.files`;
      found.add(parameter);
    }
    return found;
  }

  async #isRight(parameter: string): Promise<boolean> {
    const wanted = Buffer.from(this.#contentOf(parameter));
    const file = await openRegularHandle(this.#fileOf(parameter), 'refuse').catch(() => null);
    if (file === null) return false;
    try {
      const buffer = Buffer.alloc(wanted.length + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      return buffer.subarray(0, bytesRead).equals(wanted);
    } finally {
      await file.close();
    }
  }

  /** Only what changes something needs the folder itself, whatever happens to its path meanwhile. */
  async #in(make: number | null, act: (folder: HeldFolder) => Promise<void>): Promise<void> {
    const folder = holdFolder(this.#folder, { users: this.#users, make });
    try {
      await act(folder);
    } finally {
      folder.close();
    }
  }

  async #show(folder: HeldFolder, parameter: string): Promise<void> {
    const temporary = folder.entry(this.#temporary);
    // Removed first and made again, so that a symbolic link that has the name is not followed.
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', MODE);
    try {
      await file.writeFile(this.#contentOf(parameter));
      // The mode given to open is cut by the umask.
      await file.chmod(MODE);
    } finally {
      await file.close();
    }
    await rename(temporary, folder.entry(parameter));
  }

  async #hide(folder: HeldFolder, parameter: string): Promise<void> {
    const temporary = folder.entry(this.#temporary);
    await rename(folder.entry(parameter), temporary).catch(ignoring('ENOENT'));
    await unlink(temporary).catch(ignoring('ENOENT'));
  }

  #fileOf(parameter: string): string {
    return path.join(this.#folder, parameter);
  }

  #contentOf(parameter: string): string {
    return `${this.#addressOf(parameter) ?? parameter}\n`;
  }

  async #inWords(act: () => Promise<string | null>): Promise<string | null> {
    try {
      return await act();
    } catch (error) {
      return fileFailure(error as NodeJS.ErrnoException, this.#folder);
    }
  }
}

/** For `catch`: an error of this code means that there is nothing; others are thrown on. */
function ignoring(code: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  };
}
