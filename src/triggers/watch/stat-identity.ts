import { readdirSync, realpathSync, statSync, type BigIntStats, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { followPath, inodeKey, type InodeKey, type PathChain } from './path-chain.ts';
import { fingerprint } from '../../util/fingerprint.ts';

/**
 * What stat(2) says of files: device, inode, size, modification and change time. The kernel sets the change
 * time (ctime) at every write, chmod and rename and no program can set it back, so equal identities mean that
 * nobody has touched the files.
 */
export type StatIdentity = string;

/** One regular file that belongs to a watched program. */
export interface WatchedFile {
  /** Its place in the list of paths, for instance `0`, or `1/lib/main.js` below a folder. */
  readonly label: string;
  readonly path: string;
  readonly identity: StatIdentity;
  readonly device: bigint;
  readonly inode: bigint;
}

/** A watched folder, or one below it. */
export interface WatchedFolder {
  readonly path: string;
  readonly inode: InodeKey;
}

/** What stands at the watched paths at one moment. */
export interface Inspection {
  readonly identity: StatIdentity;
  /**
   * Where the paths lead that hold a link (`current -> releases/42`), in one text; empty where none does. Another place
   * is another program, even if the content there is the same.
   */
  readonly places: string;
  /** How each path leads to its end, in their order. */
  readonly chains: readonly PathChain[];
  /** Nothing is missing, empty or no file at all: there is something that could be launched. */
  readonly complete: boolean;
  readonly files: readonly WatchedFile[];
  /** By their real paths, and without those behind links below a watched one. */
  readonly folders: readonly WatchedFolder[];
  /** A watched folder holds more entries than are looked at; the rest goes unnoticed. */
  readonly truncated: boolean;
}

/** How many entries of watched folders are looked at: some 60 ms of stat calls. */
const maximumEntries = 10_000;

/** The identity of one file, for the sake of comparing two moments. */
export function fileIdentity(stats: BigIntStats): StatIdentity {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
}

/**
 * Looks at all paths through their links, without opening anything: some 5 µs a file. Whatever cannot be
 * reached (gone, no permission, a loop of links) is missing.
 */
export function inspect(paths: readonly string[]): Inspection {
  const collected = new Collector();
  for (const [index, path] of paths.entries()) collected.addPath(path, String(index));
  return collected.result();
}

/** `stat` through links; undefined for whatever cannot be reached. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The path itself when it was swapped since it was looked at. */
function realPathOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

class Collector {
  readonly #chains: PathChain[] = [];
  readonly #places: string[] = [];
  readonly #files: WatchedFile[] = [];
  readonly #folders: WatchedFolder[] = [];
  readonly #identities: string[] = [];
  #entriesLeft = maximumEntries;
  #truncated = false;
  #complete = true;

  addPath(path: string, label: string): void {
    const chain = followPath(path);
    this.#chains.push(chain);
    // Hard links have the same identity in every folder.
    if (chain.links.length > 0) this.#places.push(`${label} ${chain.end}`);
    const stats = statOf(path);
    if (stats?.isDirectory() === true) {
      const before = this.#files.length;
      this.#addFolder(realPathOf(path), label, stats);
      if (this.#files.length === before) this.#complete = false;
    } else if (stats?.isFile() === true) {
      this.#addFile(path, label, stats);
      if (stats.size === 0n) this.#complete = false;
    } else {
      this.#identities.push(`${label} missing`);
      this.#complete = false;
    }
  }

  #addFile(path: string, label: string, stats: BigIntStats): void {
    const identity = fileIdentity(stats);
    this.#identities.push(`${label} ${identity}`);
    this.#files.push({ label, path, identity, device: stats.dev, inode: stats.ino });
  }

  /** Links to files count as the file; links to folders are not followed, so that the walk stays inside and ends. */
  #addFolder(folder: string, label: string, stats: BigIntStats): void {
    this.#folders.push({ path: folder, inode: inodeKey(stats) });
    for (const entry of entriesOf(folder)) {
      if (this.#entriesLeft === 0) {
        this.#truncated = true;
        return;
      }
      this.#entriesLeft -= 1;
      const path = join(folder, entry.name);
      const found = statOf(path);
      if (entry.isDirectory() && found?.isDirectory() === true) {
        this.#addFolder(path, `${label}/${entry.name}`, found);
      } else if (found?.isFile() === true) {
        this.#addFile(path, `${label}/${entry.name}`, found);
      }
    }
  }

  result(): Inspection {
    const places = this.#places.join('\n');
    const identity = [...this.#identities, places].join('\n');
    return {
      places,
      chains: this.#chains,
      // A folder's identity can be a megabyte long, and snapshots keep it.
      identity: this.#folders.length === 0 ? identity : fingerprint(identity),
      complete: this.#complete,
      files: this.#files,
      folders: this.#folders,
      truncated: this.#truncated,
    };
  }
}
