/**
 * Opens folders for a manager that runs as root, on paths that another user can change. That user could replace one of
 * their own folders by a symbolic link, and root would write where the link leads. So the path is opened folder by
 * folder, without following links. Each step uses the descriptor of the step before it. Later calls in the folder use
 * its descriptor too, so later changes of the path have no effect. The calls are synchronous, about 10 µs per folder: a
 * route must be withdrawn before the instance stops, and one turn through the thread pool takes longer than the whole
 * path.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import path from 'node:path';
import { makeFolder } from './make-folder.ts';
import { describeAccess } from './path-owners.ts';
import { MOST_LINKS, partsOf } from './path-parts.ts';

/**
 * Another user can have changed a part of the path, or the file at its end. The message names that part and its owner.
 */
export class UnsafePath extends Error {
  override readonly name = 'UnsafePath';
}

export interface FolderRequest {
  /**
   * The users that the files are for, beside the folder's owner. Their folders may be inside a folder of that owner.
   */
  readonly users: ReadonlySet<number>;
  /**
   * The mode of missing folders. `umask`: 0777 without the bits of the umask. Null: missing folders are not created.
   */
  readonly make: number | 'umask' | null;
}

export interface HeldFolder {
  /** The path of an entry, for the calls of `node:fs`. */
  entry(name: string): string;
  /** Null if the manager does not run as root: then nothing is checked. */
  readonly ruler: Ruler;
  /** If there is a ruler, new files are given to this user. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** The target of a symbolic link, as an absolute path. Throws {@link UnsafePath} if the link is not followed. */
  target(name: string): string;
  close(): void;
}

/** The users, beside root, that can replace files in a folder: one user, or several because of its permissions. */
export type Ruler = number | 'several' | null;

const ROOT = 0;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const STICKY = 0o1000;

/**
 * Opens a folder; the caller closes it. A link in the path is followed if it belongs to root and is in a folder where
 * only root can create one. Below a folder of another user, every folder must belong to that user or to one of `users`.
 * Throws {@link UnsafePath}, or the error of open(2) or mkdir(2).
 */
export function holdFolder(folder: string, request: FolderRequest): HeldFolder {
  if (process.getuid?.() !== ROOT) return unchecked(folder, request);
  let parts = partsOf(folder);
  let links = 0;
  let current = Step.root();
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const above = current;
    try {
      const next = above.enter(part, request);
      if (typeof next === 'string') {
        links += 1;
        if (links > MOST_LINKS) throw new UnsafePath(`the symbolic links in ${folder} form a loop`);
        parts = [...partsOf(next), ...parts];
      }
      current = typeof next === 'string' ? Step.root() : next;
    } finally {
      above.close();
    }
  }
  return current;
}

/**
 * Checks a file that was opened in a folder without following a link. The folder's ruler can have moved a file of
 * another user there, or can have made a hard link to it.
 * @returns why the manager must not write to the file; null if it may
 */
export function writeRefusal(
  name: string,
  file: Stats,
  { ruler }: HeldFolder,
  users: ReadonlySet<number>,
): string | null {
  if (ruler === null || file.uid === ruler) return null;
  if (file.isFile() && file.nlink > 1) return `${describe(name, file)} and is a hard link`;
  if (ruler === 'several' || users.has(file.uid)) return null;
  return `${describe(name, file)}, but its folder belongs to another user`;
}

/** If the manager does not run as root, the kernel's permission checks for its user are enough. */
function unchecked(folder: string, { make }: FolderRequest): HeldFolder {
  if (make !== null && !existsSync(folder)) {
    if (make === 'umask') mkdirSync(folder, { recursive: true });
    else makeFolder(folder, make);
  }
  return {
    entry: (name) => path.join(folder, name),
    ruler: null,
    owner: { uid: process.getuid?.() ?? ROOT, gid: process.getgid?.() ?? ROOT },
    target: (name) => path.resolve(folder, readlinkSync(path.join(folder, name))),
    close: () => undefined,
  };
}

/** One folder of the path. The last one is the result. */
class Step implements HeldFolder {
  readonly ruler: Ruler;
  readonly owner: Stats;
  readonly #path: string;
  readonly #descriptor: number;

  private constructor(where: string, descriptor: number, found: Stats, above: Ruler) {
    this.#path = where;
    this.#descriptor = descriptor;
    this.owner = found;
    this.ruler = rulerOf(found, above);
  }

  static root(): Step {
    return Step.#open('/', '/', null);
  }

  static #open(at: string, where: string, above: Ruler): Step {
    const descriptor = openSync(at, FOLDER);
    try {
      return new Step(where, descriptor, fstatSync(descriptor), above);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  entry(name: string): string {
    // Without /proc (macOS), a folder that is replaced after the check is not detected.
    return HAS_PROC ? `/proc/self/fd/${this.#descriptor}/${name}` : `${this.#path}/${name}`;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** The folder with that name, or the target of the symbolic link with that name. */
  enter(name: string, { users, make }: FolderRequest): Step | string {
    const where = path.join(this.#path, name);
    let next: Step;
    try {
      next = Step.#open(this.entry(name), where, this.ruler);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && make !== null) {
        this.#make(name, where, make);
        const made = this.enter(name, { users, make: null });
        // mkdir(2) removes the bits of the umask from the mode.
        if (made instanceof Step && made.owner.uid === ROOT && make !== 'umask' && this.ruler === null)
          fchmodSync(made.#descriptor, make);
        return made;
      }
      const isLink = code === 'ENOTDIR' || code === 'ELOOP' ? this.#isLink(name) : false;
      if (!isLink) throw error;
      return this.target(name);
    }
    if (typeof this.ruler !== 'number' || next.owner.uid === this.ruler || users.has(next.owner.uid))
      return next;
    next.close();
    throw new UnsafePath(
      `${describe(where, next.owner)}, but its parent folder belongs to another user, who could replace it`,
    );
  }

  target(name: string): string {
    const found = lstatSync(this.entry(name));
    // In a sticky folder only its owner could have put a link there or taken it away.
    const open = (this.owner.mode & 0o002) !== 0 && (this.owner.mode & STICKY) === 0;
    if (typeof this.ruler !== 'number' && !open && found.uid === ROOT)
      return path.resolve(this.#path, readlinkSync(this.entry(name)));
    const link = describe(path.join(this.#path, name), found);
    throw new UnsafePath(`${link} and is a symbolic link, which root does not follow here`);
  }

  #isLink(name: string): boolean {
    return lstatSync(this.entry(name)).isSymbolicLink();
  }

  /** Runs as the folder's owner. If root gave a new folder away, the path could already lead to another folder. */
  #make(name: string, where: string, mode: number | 'umask'): void {
    const { uid, gid } = this.owner;
    if (uid === ROOT) {
      mkdirSync(this.entry(name), mode === 'umask' ? {} : { mode });
      return;
    }
    const options = mode === 'umask' ? [] : ['-m', mode.toString(8)];
    try {
      execFileSync('mkdir', [...options, '-p', '--', where], {
        uid,
        gid,
        cwd: '/',
        stdio: 'pipe',
        timeout: 5_000,
      });
    } catch (error) {
      throw new UnsafePath(
        `${where} cannot be created as the owner of its parent folder: ${(error as Error).message}`,
      );
    }
  }
}

const HAS_PROC = existsSync('/proc/self/fd');

function rulerOf({ uid, gid, mode }: Stats, above: Ruler): Ruler {
  if (uid !== ROOT) return uid;
  // The owner of the folder above can have moved a folder of root there.
  if (typeof above === 'number') return above;
  const others = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== ROOT);
  return others ? 'several' : null;
}

function describe(where: string, { uid, gid, mode }: Stats): string {
  return describeAccess({ path: where, uid, gid, mode, who: 'owner' });
}
