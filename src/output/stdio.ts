import { constants, fstatSync, openSync } from 'node:fs';
import type { Output } from '../config/types.ts';

/** One entry of `stdio` for `child_process.spawn`. */
export type StdioEntry = 'pipe' | 'ignore' | 'inherit' | number;

/** How an instance's stdout and stderr are opened. Its lines, where they are needed, can only be read from a pipe. */
export function stdioEntries(output: Output, needsLines: boolean): [StdioEntry, StdioEntry] {
  if (needsLines) return ['pipe', 'pipe'];
  switch (output.type) {
    case 'prefix':
    case 'file':
      return ['pipe', 'pipe'];
    case 'ignore':
      return ['ignore', 'ignore'];
    case 'inherit':
      return [inheritedEntry(1), inheritedEntry(2)];
  }
}

const reopened = new Map<1 | 2, StdioEntry>();

/**
 * The `stdio` entry with which a child inherits our stdout (1) or stderr (2). Node makes an inherited descriptor
 * blocking in the child, and thereby, where it is a pipe, in this process too: a stalled reader would then stop the
 * manager at its next write (measured with Node 20). So the child gets an opening of its own of that pipe. Without
 * /proc, or for a socket, which cannot be opened again, it is the plain `inherit`.
 */
export function inheritedEntry(descriptor: 1 | 2): StdioEntry {
  const entry = reopened.get(descriptor) ?? reopen(descriptor) ?? 'inherit';
  reopened.set(descriptor, entry);
  return entry;
}

function reopen(descriptor: 1 | 2): number | null {
  try {
    if (!fstatSync(descriptor).isFIFO()) return null;
    // Not waiting for a reader, who may be gone; in the child the descriptor is made blocking again.
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}
