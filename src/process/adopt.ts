/** Follows a process group that this manager has not started: no parent, so nobody says when it ends, and how. */
import type { Exit } from '../rotator/machine.ts';
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
  // Undefined until it could be read.
  let identity: string | null | undefined;
  const look = (): void => {
    let left: 'leader' | 'others' | 'nothing';
    try {
      identity = identity === undefined ? identityOf(pid) : identity;
      if (identity !== null && identityOf(pid) === identity) left = 'leader';
      else left = isGroupGone(pid) ? 'nothing' : 'others';
    } catch {
      // The system cannot tell at this moment, and nobody else will: the next look does.
      left = 'leader';
    }
    switch (left) {
      case 'leader':
        setTimeout(look, LOOK_EVERY_MS);
        return;
      case 'nothing':
        events.gone(EXIT);
        return;
      case 'others':
        events.leaderExited(EXIT);
        awaitGroupGone(pid, () => {
          events.gone(EXIT);
        });
    }
  };
  setTimeout(look, 0);
}

/** For an orphan that nobody takes over: TERM, then KILL. Resolves once no process of its group is left. */
export function endOrphan(pid: number): Promise<void> {
  return new Promise((resolve) => {
    signalGroup(pid, 'SIGTERM');
    signalGroup(pid, 'SIGCONT');
    const kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_AFTER_MS).unref();
    followOrphan(pid, {
      leaderExited: () => undefined,
      gone() {
        clearTimeout(kill);
        resolve();
      },
    });
  });
}
