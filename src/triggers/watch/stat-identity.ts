/** Looks at the watched paths and describes what is there, without reading any content. */
import { readdirSync, realpathSync, statSync, type BigIntStats, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { followPath, inodeKey, type InodeKey, type PathChain } from './path-chain.ts';
import { fingerprint } from '../../util/fingerprint.ts';

/**
 * What stat(2) reports about files: device, inode, size, modification time and change time. The kernel sets the change
 * time (ctime) at every write, chmod and rename, and no program can set it back. So equal identities mean that no
 * program has changed the files.
 */
export type StatIdentity = string;

/** One regular file that belongs to a watched program. */
export interface WatchedFile {
  /** The position in the list of paths: for instance `0`, or `1/lib/main.js` for a file in a folder. */
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

/** What exists at the watched paths at one moment. */
export interface Inspection {
  readonly identity: StatIdentity;
  /**
   * The ends of the paths that contain a symbolic link (`current -> releases/42`), in one text. Empty if no path
   * contains one. Another place is another program, even if the content there is the same.
   */
  readonly places: string;
  /** The way of each path to its end, in the order of the paths. */
  readonly chains: readonly PathChain[];
  /** No path is missing, empty, or something other than a file or folder: a program could be launched from them. */
  readonly complete: boolean;
  readonly files: readonly WatchedFile[];
  /** With their real paths. Folders that are reached through a link below a watched folder are not included. */
  readonly folders: readonly WatchedFolder[];
  /** The watched folders contain more than `MAX_ENTRIES` entries. Changes of the other entries are not detected. */
  readonly truncated: boolean;
}

/** How many entries of watched folders are looked at. The calls of stat(2) for them take about 60 ms. */
export const MAX_ENTRIES = 10_000;

/** The identity of one file. Two of them show whether the file changed in between. */
export function fileIdentity(stats: BigIntStats): StatIdentity {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
}

/**
 * Looks at all paths through their links, without opening a file: about 5 µs per file. A path that cannot be reached
 * (it does not exist, no permission, a loop of links) is missing.
 */
export function inspect(paths: readonly string[]): Inspection {
  const collected = new Collector();
  for (const [index, path] of paths.entries()) collected.addPath(path, String(index));
  return collected.result();
}

/** Follows links. Undefined if the path cannot be reached. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The path itself if the file was replaced since it was looked at. */
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
  #entriesLeft = MAX_ENTRIES;
  #truncated = false;
  #complete = true;

  addPath(path: string, label: string): void {
    const chain = followPath(path);
    this.#chains.push(chain);
    // The place is part of the identity: hard links to one file in two releases have equal stats.
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

  /**
   * A link to a file counts as the file. A link to a folder is not followed, so that the walk stays inside the folder
   * and ends.
   */
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
      // The identity of a folder can be a megabyte long, and snapshots keep it in memory.
      identity: this.#folders.length === 0 ? identity : fingerprint(identity),
      complete: this.#complete,
      files: this.#files,
      folders: this.#folders,
      truncated: this.#truncated,
    };
  }
}
