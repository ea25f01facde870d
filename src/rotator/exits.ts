/** Reacts when a process group loses its leader, and when it is gone. */
import { beginAttempt, currentLost, failAttempt, parameterFreed, type Remains } from './attempt.ts';
import { currentOf, instanceOf, nextOf } from './instances.ts';
import { endSeriesAfter, nothingServes } from './restart.ts';
import { forget, retire } from './retire.ts';
import type { Turn } from './turn.ts';
import type { Exit, Id, Instance } from './machine.ts';

/** A program that moves itself to the background looks like a clean exit, so code 0 has a hint. */
function reasonOf(exit: Exit): string {
  if ('unknown' in exit) return 'the instance ended';
  if ('signal' in exit) return `the instance was terminated by ${exit.signal}`;
  return `the instance exited with code ${exit.code}${exit.code === 0 ? ', but it must stay in the foreground' : ''}`;
}

/** The leader exited and other processes of its group still run. They are stopped, and the instance counts as lost. */
export function leaderExited(turn: Turn, id: Id, exit: Exit): void {
  const entry = turn.state.retiring.find(({ instance }) => instance.id === id);
  if (entry === undefined) {
    lost(turn, id, exit, 'process-group-without-leader');
  } else if (!entry.leaderExited) {
    turn.update({
      retiring: turn.state.retiring.map((other) =>
        other === entry ? { ...entry, leaderExited: true } : other,
      ),
    });
    reportExit(turn, entry.instance, exit, true, true);
  }
}

/** The whole process group is gone. */
export function exited(turn: Turn, id: Id, exit: Exit): void {
  const entry = turn.state.retiring.find(({ instance }) => instance.id === id);
  if (entry === undefined) {
    lost(turn, id, exit, 'nothing');
    return;
  }
  if (!entry.leaderExited) reportExit(turn, entry.instance, exit, true, false);
  gone(turn, id);
}

/** A launch failed. After a launch that succeeded this input is ignored: that process group ends with `exited`. */
export function launchFailed(turn: Turn, id: Id, reason: string): void {
  if (instanceOf(turn.state, id)?.pid !== null) return;
  const next = nextOf(turn.state);
  if (next?.id === id) {
    turn.report({ type: 'launch-failed', parameter: next.parameter, reason });
    failAttempt(turn, reason, 'nothing');
  } else {
    gone(turn, id);
  }
}

/** When every process group is gone: enters `stopped`, or begins the attempt that follows the stop. */
export function stoppedWhenAllGone(turn: Turn): void {
  const { phase } = turn;
  if (phase.name !== 'stopping' || turn.state.retiring.length > 0) return;
  turn.enter({ name: 'stopped' });
  turn.report({ type: 'service-stopped' });
  turn.answer(phase.requests, { type: 'done' });
  if (phase.then !== null) beginAttempt(turn, phase.then);
}

function gone(turn: Turn, id: Id): void {
  forget(turn, id);
  parameterFreed(turn);
}

/** An instance ended that had not been asked to stop. */
function lost(turn: Turn, id: Id, exit: Exit, remains: Remains): void {
  const leftBehind = remains !== 'nothing';
  const current = currentOf(turn.state);
  const next = nextOf(turn.state);
  if (next?.id === id) {
    reportExit(turn, next, exit, false, leftBehind);
    failAttempt(turn, reasonOf(exit), remains);
  } else if (current?.id === id) {
    reportExit(turn, current, exit, false, leftBehind);
    if (leftBehind) retire(turn, current, true);
    if (turn.phase.name === 'rotating') {
      endSeriesAfter(turn, current);
      currentLost(turn);
      return;
    }
    nothingServes(turn, {
      place: current,
      clean: 'code' in exit && exit.code === 0,
      ranMs: turn.at - current.launchedAt,
      reason: reasonOf(exit),
    });
  }
}

function reportExit(
  turn: Turn,
  instance: Instance,
  exit: Exit,
  expected: boolean,
  leftBehind: boolean,
): void {
  const { parameter, pid } = instance;
  turn.report({ type: 'instance-exited', parameter, pid, exit, expected, leftBehind });
}
