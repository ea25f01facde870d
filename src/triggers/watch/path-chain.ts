/** Follows a path through its symbolic links. */
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { MOST_LINKS, partsOf } from '../../util/path-parts.ts';

/**
 * An inode and its time of birth. The time is needed because a new file can get the number of a deleted one at once.
 */
export type InodeKey = string;

export function inodeKey(stats: { ino: number | bigint; birthtimeMs: number | bigint }): InodeKey {
  return `${stats.ino}:${stats.birthtimeMs}`;
}

/** How a path leads to its file. */
export interface PathChain {
  /** Every symbolic link on the way, as an absolute path whose folders contain no link. */
  readonly links: readonly string[];
  /** The end of the way: the real file or folder, or the first part that is missing. */
  readonly end: string;
  /** Differs for every inode that was or will be at the end; `missing` if there is none. */
  readonly inode: InodeKey;
}

/** Follows an absolute path link by link, as the kernel does. About 3 µs per part. */
export function followPath(path: string): PathChain {
  const links: string[] = [];
  const parts = partsOf(path);
  let reached = '/';
  let inode: InodeKey = 'missing';
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    if (part === '..') {
      reached = dirname(reached);
      continue;
    }
    reached = join(reached, part);
    const stats = lstatOf(reached);
    inode = stats === undefined ? 'missing' : inodeKey(stats);
    if (stats === undefined) break;
    if (stats.isSymbolicLink()) {
      links.push(reached);
      if (links.length > MOST_LINKS) break;
      const target = targetOf(reached);
      if (target === undefined) break;
      parts.unshift(...partsOf(target));
      reached = target.startsWith('/') ? '/' : dirname(reached);
    }
  }
  return { links, end: reached, inode };
}

function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Undefined if the link was replaced by something else since it was looked at. */
function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
