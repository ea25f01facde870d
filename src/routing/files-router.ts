/**
 * Notifies a proxy with files: a file named after the parameter exists exactly while its instance gets new requests.
 */
import { lstat, open, realpath, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { fingerprint } from '../util/fingerprint.ts';
import { holdFolder, type HeldFolder } from '../util/held-folder.ts';
import { openRegularHandle } from '../util/regular-file.ts';
import { DONE, failure, success, type Result } from '../util/result.ts';
import { fileFailure } from './file-failure.ts';
import type { Deviation, Router, Targets } from './router.ts';

/** The proxy usually runs as another user. It must see the file, and it may read the address in it. */
const MODE = 0o644;
const FOLDER_MODE = 0o755;
const ROOT = 0;

/**
 * A new file is first written under a temporary name. A file that is removed is first renamed to that name. So the
 * proxy always sees a complete file or none. A crash leaves at most one extra file, which the next switch overwrites.
 */
export class FilesRouter implements Router {
  readonly #folder: string;
  readonly #temporary: string;
  /** Root too: the names and contents of the files come from the configuration. */
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

  direct(to: string): Promise<Result<void>> {
    return this.#inWords(async () => {
      const looked = await this.#look();
      if (!looked.ok) return looked;
      const found = looked.value;
      const right = found.has(to) && (await this.#isRight(to));
      const others = [...found].filter((parameter) => parameter !== to);
      if (right && others.length === 0) return DONE;
      await this.#in(FOLDER_MODE, async (folder) => {
        if (!right) await this.#show(folder, to);
        for (const other of others) await this.#hide(folder, other);
      });
      return DONE;
    });
  }

  withdraw(): Promise<Result<void>> {
    return this.#inWords(async () => {
      const looked = await this.#look();
      if (!looked.ok || looked.value.size === 0) return looked.ok ? DONE : looked;
      await this.#in(null, async (folder) => {
        for (const parameter of looked.value) await this.#hide(folder, parameter);
      });
      return DONE;
    });
  }

  async deviation(to: string): Promise<Deviation | null> {
    try {
      const looked = await this.#look();
      if (!looked.ok) return { reason: looked.reason, fixable: false };
      const found = looked.value;
      const other = [...found].find((parameter) => parameter !== to);
      if (found.has(to) && other === undefined) return null;
      const reason = found.has(to)
        ? `the file ${this.#fileOf(other ?? '')} exists too`
        : `the file ${this.#fileOf(to)} is gone`;
      return { reason, fixable: true };
    } catch (error) {
      return { reason: fileFailure(error as NodeJS.ErrnoException, this.#folder), fixable: false };
    }
  }

  async place(): Promise<string | null> {
    return await realpath(this.#folder).catch(() => null);
  }

  /** The parameters that have a file. Fails if one of the names belongs to something other than a regular file. */
  async #look(): Promise<Result<ReadonlySet<string>>> {
    // All at once: the keeper looks every second, and this takes one or two wake-ups instead of one per file.
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
        return failure(
          `${this.#fileOf(parameter)} is ${stat.isDirectory() ? 'a folder' : 'not a regular file'}, but a file must have this name while requests go to ${parameter}: move it away, or name another folder in route.files`,
        );
      found.add(parameter);
    }
    return success(found);
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

  /** Holds the folder during a change, so that a change of its path meanwhile has no effect. */
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
    // Removed first and created with `x`, so that a symbolic link with this name is not followed.
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', MODE);
    try {
      await file.writeFile(this.#contentOf(parameter));
      // open(2) removes the bits of the umask from the mode.
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

  async #inWords(act: () => Promise<Result<void>>): Promise<Result<void>> {
    try {
      return await act();
    } catch (error) {
      return failure(fileFailure(error as NodeJS.ErrnoException, this.#folder));
    }
  }
}

/** For `catch`: undefined for an error with this code; other errors are thrown again. */
function ignoring(code: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  };
}
