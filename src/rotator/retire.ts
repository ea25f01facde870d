/** Stops instances: the stop signal, then KILL after `stop.timeout`. */
import type { SignalName } from '../config/types.ts';
import type { Turn } from './turn.ts';
import type { Id, Instance, Retiring } from './machine.ts';

/** Asks an instance to stop. Its parameter is free when its whole process group is gone. */
export function retire(turn: Turn, instance: Instance, leaderExited = false): void {
  if (instance.pid === null) {
    // Not launched yet: the launch is cancelled, or `launchedTooLate` stops the instance.
    turn.effect({ type: 'cancelLaunch', instance: instance.id });
    turn.update({ retiring: [...turn.state.retiring, { instance, killTimer: null, leaderExited }] });
    return;
  }
  const { signal, timeoutMs } = instance.spec.stop;
  sendStop(turn, instance.id, signal);
  const killTimer = timeoutMs === null ? null : turn.startTimer(timeoutMs);
  turn.update({ retiring: [...turn.state.retiring, { instance, killTimer, leaderExited }] });
  turn.report({
    type: 'instance-stopping',
    parameter: instance.parameter,
    pid: instance.pid,
    signal,
    killAfterMs: timeoutMs,
  });
}

/** A suspended process (SIGSTOP, a debugger) reacts to a signal only after SIGCONT; s6 and runit send it too. */
function sendStop(turn: Turn, instance: Id, signal: SignalName): void {
  turn.effect({ type: 'signal', instance, signal });
  if (signal !== 'SIGKILL') turn.effect({ type: 'signal', instance, signal: 'SIGCONT' });
}

/** A launch succeeded although it was cancelled: its instance is stopped. */
export function launchedTooLate(turn: Turn, id: Id, pid: number): void {
  const entry = turn.state.retiring.find(({ instance }) => instance.id === id);
  if (entry === undefined || entry.instance.pid !== null) return;
  forget(turn, id);
  retire(turn, { ...entry.instance, pid });
}

/** Removes a retiring instance and its timer. */
export function forget(turn: Turn, id: Id): void {
  const entry = turn.state.retiring.find(({ instance }) => instance.id === id);
  if (entry === undefined) return;
  if (entry.killTimer !== null) turn.effect({ type: 'cancelTimer', timer: entry.killTimer });
  turn.update({ retiring: turn.state.retiring.filter((other) => other !== entry) });
}

/** Sends KILL to the whole group, if the timer is the `stop.timeout` of a retiring instance. Returns whether it is. */
export function killTimerFired(turn: Turn, timer: Id): boolean {
  const entry = turn.state.retiring.find(({ killTimer }) => killTimer === timer);
  if (entry === undefined) return false;
  turn.update({
    retiring: turn.state.retiring.map((other) => (other === entry ? { ...other, killTimer: null } : other)),
  });
  kill(turn, entry.instance, entry.instance.spec.stop.timeoutMs);
  return true;
}

/** Sends KILL to every instance that is stopping. */
export function killRetiring(turn: Turn): void {
  const retiring = turn.state.retiring.map((entry): Retiring => {
    const { instance, killTimer } = entry;
    if (killTimer !== null) turn.effect({ type: 'cancelTimer', timer: killTimer });
    if (instance.pid === null) return { ...entry, instance: stoppedByKill(instance) };
    kill(turn, instance, null);
    return { ...entry, killTimer: null };
  });
  turn.update({ retiring });
}

/** For a cancelled launch that may still succeed. It has no process yet that could get a signal. */
function stoppedByKill(instance: Instance): Instance {
  return { ...instance, spec: { ...instance.spec, stop: { signal: 'SIGKILL', timeoutMs: null } } };
}

function kill(turn: Turn, { id, parameter, pid }: Instance, afterMs: number | null): void {
  turn.effect({ type: 'signal', instance: id, signal: 'SIGKILL' });
  turn.report({ type: 'instance-killed', parameter, pid, afterMs });
}
