import type { SignalName } from '../config/types.ts';
import type { Turn } from './turn.ts';
import type { Id, Instance, Retiring } from './machine.ts';

/** Tells an instance to stop; its parameter is free once its whole process group is gone. */
export function retire(turn: Turn, instance: Instance, leaderExited = false): void {
  if (instance.pid === null) {
    // Not launched yet: either it never will be, or it is told to stop the moment it is.
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

/** A stopped process (SIGSTOP, a debugger) acts on a signal only once it is continued, as s6 and runit know. */
function sendStop(turn: Turn, instance: Id, signal: SignalName): void {
  turn.effect({ type: 'signal', instance, signal });
  if (signal !== 'SIGKILL') turn.effect({ type: 'signal', instance, signal: 'SIGCONT' });
}

/** A launch that was given up succeeded all the same: stop what it started. */
export function launchedTooLate(turn: Turn, id: Id, pid: number): void {
  const entry = turn.state.retiring.find(({ instance }) => instance.id === id);
  if (entry === undefined || entry.instance.pid !== null) return;
  forget(turn, id);
  retire(turn, { ...entry.instance, pid });
}

/** Takes an instance out of the retiring ones, with its timer. */
export function forget(turn: Turn, id: Id): void {
  const entry = turn.state.retiring.find(({ instance }) => instance.id === id);
  if (entry === undefined) return;
  if (entry.killTimer !== null) turn.effect({ type: 'cancelTimer', timer: entry.killTimer });
  turn.update({ retiring: turn.state.retiring.filter((other) => other !== entry) });
}

/** `stop.timeout` has passed: KILL to the whole group. Returns whether the timer was one of a retiring instance. */
export function killTimerFired(turn: Turn, timer: Id): boolean {
  const entry = turn.state.retiring.find(({ killTimer }) => killTimer === timer);
  if (entry === undefined) return false;
  turn.update({
    retiring: turn.state.retiring.map((other) => (other === entry ? { ...other, killTimer: null } : other)),
  });
  kill(turn, entry.instance, entry.instance.spec.stop.timeoutMs);
  return true;
}

/** KILL for everything that is still on its way out. */
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

/** For a launch that may still succeed although it was given up: there is nobody yet to send a signal to. */
function stoppedByKill(instance: Instance): Instance {
  return { ...instance, spec: { ...instance.spec, stop: { signal: 'SIGKILL', timeoutMs: null } } };
}

function kill(turn: Turn, { id, parameter, pid }: Instance, afterMs: number | null): void {
  turn.effect({ type: 'signal', instance: id, signal: 'SIGKILL' });
  turn.report({ type: 'instance-killed', parameter, pid, afterMs });
}
