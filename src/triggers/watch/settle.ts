/** Waits for the end of a change of the watched files. */
import { setTimeout as pause } from 'node:timers/promises';
import { contentOf } from './content.ts';
import type { Content } from './decide.ts';
import type { Inspection, StatIdentity } from './stat-identity.ts';
import { findWriter, isStillWriting, type Writer } from '../../process/writers.ts';

/** All in milliseconds. */
export interface SettleTiming {
  /** The files count as settled when they are unchanged for this time. */
  readonly quietMs: number;
  /** The time between two looks while waiting for that. */
  readonly pollMs: number;
  /** The longest wait for a process that keeps a file open for writing and does not write. */
  readonly writerPatienceMs: number;
  /** If files stay missing or empty for this time, the wait ends. The next hint starts another one. */
  readonly missingPatienceMs: number;
}

/** The files at the end of the wait. `content: null`: a file is missing or empty. */
export interface Settled {
  readonly identity: StatIdentity;
  readonly content: Content | null;
}

/** Looks take at most this part of the time: a folder with thousands of files is looked at less often. */
const MAX_LOOK_SHARE = 0.2;

/**
 * Waits until the files are complete and unchanged for `quietMs`, and no process has them open for writing. Then reads
 * their content. If a file changes during the read, the wait starts again. Null if `signal` is aborted.
 */
export async function settle(
  inspect: () => Inspection,
  timing: SettleTiming,
  signal: AbortSignal,
): Promise<Settled | null> {
  let seen = inspect();
  let changedAt = performance.now();
  let writer: Writer | null = null;
  let waitMs = timing.pollMs;
  while (!signal.aborted) {
    const quietForMs = performance.now() - changedAt;
    if (!seen.complete) {
      if (quietForMs >= timing.missingPatienceMs) return { identity: seen.identity, content: null };
    } else if (quietForMs >= timing.quietMs) {
      if (writer === null || !isStillWriting(writer)) writer = await findWriter(seen.files);
      if (writer === null || quietForMs >= timing.writerPatienceMs) {
        const content = await contentOf(seen);
        if (content !== null && inspect().identity === seen.identity)
          return { identity: seen.identity, content };
      }
    } else {
      waitMs = Math.min(waitMs, timing.quietMs - quietForMs);
    }
    await pause(waitMs, undefined, { ref: false });
    const lookedAt = performance.now();
    const next = inspect();
    waitMs = Math.max(timing.pollMs, (performance.now() - lookedAt) / MAX_LOOK_SHARE);
    if (next.identity !== seen.identity) {
      changedAt = performance.now();
      seen = next;
    }
  }
  return null;
}
