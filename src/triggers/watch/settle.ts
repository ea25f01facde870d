import { setTimeout as pause } from 'node:timers/promises';
import { contentOf } from './content.ts';
import type { Content } from './decide.ts';
import type { Inspection, StatIdentity } from './stat-identity.ts';
import { findWriter, isStillWriting, type Writer } from '../../process/writers.ts';

/** All in milliseconds. */
export interface SettleTiming {
  /** Untouched for so long, the files count as settled. */
  readonly quietMs: number;
  /** Between two looks while waiting for that. */
  readonly pollMs: number;
  /** A process that keeps a file open without writing to it is waited for no longer than this. */
  readonly writerPatienceMs: number;
  /** Files that stay missing or empty for so long are left to the next hint. */
  readonly missingPatienceMs: number;
}

/** Where waiting ended. `content: null`: something is missing or empty. */
export interface Settled {
  readonly identity: StatIdentity;
  readonly content: Content | null;
}

/** Looking takes at most this part of the time; a folder of thousands of files is looked at less often. */
const maximumLookShare = 0.2;

/**
 * Waits until the files are complete, untouched for a while and written to by nobody, then reads their content;
 * one that changes meanwhile is waited for again. Null when `signal` was aborted.
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
    waitMs = Math.max(timing.pollMs, (performance.now() - lookedAt) / maximumLookShare);
    if (next.identity !== seen.identity) {
      changedAt = performance.now();
      seen = next;
    }
  }
  return null;
}
