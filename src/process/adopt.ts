/**
 * Follows a process group that this manager did not start. It has another parent, so the kernel does not report its
 * exit.
 */
import type { Exit } from '../rotator/machine.ts';
import { awaitGroupGone, isGroupGone, signalGroup } from './group.ts';
import { identityOf } from './identity.ts';

const LOOK_EVERY_MS = 200;
const KILL_AFTER_MS = 30_000;
const EXIT: Exit = { unknown: true };

export interface AdoptionEvents {
  /** The leader is gone, and other processes of its group may live on. `gone` follows. */
  leaderExited(exit: Exit): void;
  /** No process of the group is left. */
  gone(exit: Exit): void;
}

export function followOrphan(pid: number, events: AdoptionEvents): void {
  // Undefined until it has been read.
  let identity: string | null | undefined;
  const look = (): void => {
    let left: 'leader' | 'others' | 'nothing';
    try {
      identity = identity === undefined ? identityOf(pid) : identity;
      if (identity !== null && identityOf(pid) === identity) left = 'leader';
      else left = isGroupGone(pid) ? 'nothing' : 'others';
    } catch {
      // The system gives no answer at this moment (EMFILE, ENOMEM). The next look decides.
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

/** Stops an orphan that no service adopts: TERM, then KILL. Resolves when no process of its group is left. */
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
