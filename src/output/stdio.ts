/** Decides how an instance's stdout and stderr are opened. */
import { constants, fstatSync, openSync } from 'node:fs';
import type { Output } from '../config/types.ts';

/** One entry of `stdio` for `child_process.spawn`. */
export type StdioEntry = 'pipe' | 'ignore' | 'inherit' | number;

/** If the readiness check needs the lines, both are pipes, because lines can be read only from a pipe. */
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
 * The `stdio` entry with which a child inherits the manager's stdout (1) or stderr (2). Node.js makes an inherited
 * descriptor blocking in the child. If it is a pipe, it becomes blocking in the manager too, and a stalled reader would
 * stop the manager at its next write (measured with Node 20). So the pipe is opened again for the child. The entry is
 * plain `inherit` without /proc, and for a socket, which cannot be opened again.
 */
export function inheritedEntry(descriptor: 1 | 2): StdioEntry {
  const entry = reopened.get(descriptor) ?? reopen(descriptor) ?? 'inherit';
  reopened.set(descriptor, entry);
  return entry;
}

function reopen(descriptor: 1 | 2): number | null {
  try {
    if (!fstatSync(descriptor).isFIFO()) return null;
    // O_NONBLOCK: open(2) does not wait for a reader, which may be gone. In the child the descriptor is blocking again.
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}
