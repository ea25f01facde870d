/**
 * Folders for a manager that is root, on paths that another user may change. That user could put a symbolic link in
 * the place of any folder of his own, and root would write where the link leads. So the path is walked folder by folder
 * without following links, each step from the descriptor of the one before, and what is done in the folder goes through
 * its descriptor too: what happens to the path meanwhile does not matter. At once, some 10 µs a folder: a route must be
 * withdrawn before the instance has stopped, and each turn through the thread pool takes longer than the whole way.
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
import { describeHand } from './path-owners.ts';

/** Something on the path, or at its end, may be the work of another user. The message names it and its owner. */
export class UnsafePath extends Error {
  override readonly name = 'UnsafePath';
}

export interface FolderRequest {
  /** The users that the files are for, beside the owner of a folder: their own folders may lie in that one's. */
  readonly users: ReadonlySet<number>;
  /** The mode of missing folders, `umask` for 0777 without the umask's bits; null: they are not made. */
  readonly make: number | 'umask' | null;
}

export interface HeldFolder {
  /** The path of an entry, for the calls of `node:fs`. */
  entry(name: string): string;
  /** Null for a manager that is not root: then nothing is checked. */
  readonly ruler: Ruler;
  /** Whom new files are given to if there is a ruler. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Where the symbolic link of a name leads, as an absolute path. Throws {@link UnsafePath} if it is not followed. */
  target(name: string): string;
  close(): void;
}

/** Who, beside root, may replace what is in a folder: one user, or several by its permissions. */
export type Ruler = number | 'several' | null;

const ROOT = 0;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** The kernel's own limit; path_resolution(7). */
export const MOST_LINKS = 40;
const STICKY = 0o1000;

/**
 * Holds a folder; the caller closes it. A link on the way is followed if it belongs to root and lies where only root
 * can put one. Below a folder of another user, every folder must belong to that user or to one of `users`. Throws
 * {@link UnsafePath}, or the error of open(2) or mkdir(2).
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
        if (links > MOST_LINKS) throw new UnsafePath(`the links in ${folder} lead round in a circle`);
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
 * Why a file that was opened in a folder without following a link is not to be written to; null if it may be. Whoever
 * rules the folder may have moved a file of another user there, or made a hard link to it.
 */
export function foreignFile(
  name: string,
  file: Stats,
  { ruler }: HeldFolder,
  users: ReadonlySet<number>,
): string | null {
  if (ruler === null || file.uid === ruler) return null;
  if (file.isFile() && file.nlink > 1) return `${describe(name, file)} and is a hard link`;
  if (ruler === 'several' || users.has(file.uid)) return null;
  return `${describe(name, file)}, but its folder to another user`;
}

/** For a manager that is not root: the user's own rights are what bounds it. */
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

/** One folder of the walk, and its last one. */
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
    // Without /proc (macOS) the path itself: then a folder that is replaced after the check is not noticed.
    return HAS_PROC ? `/proc/self/fd/${this.#descriptor}/${name}` : `${this.#path}/${name}`;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** The folder of that name, or where the link of that name leads. */
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
        // The mode given to mkdir(2) is cut by the umask.
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
      `${describe(where, next.owner)}, but the folder that it is in to another user, who could replace it`,
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

  /** As the folder's owner: root would not know whether it is still its own folder that it gives away. */
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
      throw new UnsafePath(`${where} cannot be made as its folder's owner: ${(error as Error).message}`);
    }
  }
}

const HAS_PROC = existsSync('/proc/self/fd');

function rulerOf({ uid, gid, mode }: Stats, above: Ruler): Ruler {
  if (uid !== ROOT) return uid;
  // Its owner could have moved a folder of root there.
  if (typeof above === 'number') return above;
  const others = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== ROOT);
  return others ? 'several' : null;
}

function describe(where: string, { uid, gid, mode }: Stats): string {
  return describeHand({ path: where, uid, gid, mode, who: 'owner' });
}

function partsOf(target: string): string[] {
  return target.split('/').filter((part) => part !== '' && part !== '.');
}
