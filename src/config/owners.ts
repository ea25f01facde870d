/** Who may change a file that root relies on. */
import { realpathSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';

const STICKY = 0o1000;

/**
 * Whether users other than root and the user of this process may write to a file, or put another one in its place.
 * @returns null if not, or if the file cannot be reached; otherwise which file or folder lets them, with its mode
 */
export function writableByOthers(path: string): string | null {
  try {
    const file = realpathSync(path);
    const own = new Set([0, process.getuid?.() ?? 0]);
    let entry = statSync(file);
    const hand = handOn(file, entry, own, false);
    if (hand !== null) return hand;
    for (let folder = dirname(file); ; folder = dirname(folder)) {
      const stat = statSync(folder);
      // In a sticky folder only the owner of an entry can replace it; the entry is one of ours.
      const found = handOn(folder, stat, own, (stat.mode & STICKY) !== 0 && own.has(entry.uid));
      if (found !== null) return found;
      if (folder === '/') return null;
      entry = stat;
    }
  } catch {
    return null;
  }
}

function handOn(path: string, stat: Stats, own: ReadonlySet<number>, protectedEntry: boolean): string | null {
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
  if (!own.has(stat.uid)) return `${path} belongs to user ${stat.uid} (mode ${mode})`;
  const writable = (stat.mode & 0o002) !== 0 || ((stat.mode & 0o020) !== 0 && stat.gid !== 0);
  return writable && !protectedEntry ? `${path} can be written to by others (mode ${mode})` : null;
}
