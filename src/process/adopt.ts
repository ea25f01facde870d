/** Follows a process group that this manager has not started: no parent, so nobody says when it ends, and how. */
import type { Exit } from '../rotator/types.ts';
import { awaitGroupGone, isGroupGone, signalGroup } from './group.ts';
import { identityOf } from './identity.ts';

const LOOK_EVERY_MS = 200;
const KILL_AFTER_MS = 30_000;
const EXIT: Exit = { unknown: true };

export interface AdoptionEvents {
  /** The leader is gone while others of its group may live on; `gone` follows. */
  leaderExited(exit: Exit): void;
  /** No process of the group is left. */
  gone(exit: Exit): void;
}

export function followOrphan(pid: number, events: AdoptionEvents): void {
  const identity = identityOf(pid);
  const look = (): void => {
    if (identity !== null && identityOf(pid) === identity) {
      setTimeout(look, LOOK_EVERY_MS);
      return;
    }
    if (isGroupGone(pid)) {
      events.gone(EXIT);
      return;
    }
    events.leaderExited(EXIT);
    awaitGroupGone(pid, () => {
      events.gone(EXIT);
    });
  };
  setTimeout(look, 0);
}

/** For an orphan of a service that is no longer declared: TERM, then KILL. Nobody waits for it. */
export function endOrphan(pid: number): void {
  signalGroup(pid, 'SIGTERM');
  signalGroup(pid, 'SIGCONT');
  const kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_AFTER_MS).unref();
  followOrphan(pid, {
    leaderExited: () => undefined,
    gone() {
      clearTimeout(kill);
    },
  });
}
