/** Ends an attempt: the next instance becomes current, or the previous one keeps serving. */
import { startHook } from './hooks.ts';
import { currentOf } from './instances.ts';
import { endSeriesAfter, nothingServes } from './restart.ts';
import { retire } from './retire.ts';
import type { Turn } from './turn.ts';
import type { Attempt, Instance, Intent, RotationResult } from './machine.ts';

/** The next instance becomes current. The previous one is stopped. */
export function promote(turn: Turn, attempt: Attempt, instance: Instance): void {
  const previous = currentOf(turn.state);
  const { parameter, position } = instance;
  turn.enter({ name: 'running', current: instance });
  turn.update({ spec: attempt.spec, last: { parameter, position } });
  if (previous !== null) {
    endSeriesAfter(turn, previous);
    retire(turn, previous);
  }
  if (attempt.purpose === 'rotate') {
    concludeRotation(turn, attempt, null);
    startHook(
      turn,
      'afterRotate',
      attempt.spec,
      instance,
      previous ?? { parameter: attempt.from, pid: null },
    );
  } else {
    turn.report({ type: 'service-running', parameter: instance.parameter, pid: instance.pid });
    turn.answer(attempt.requests, { type: 'done' });
  }
}

/** The attempt failed, and its remains are already retiring. What served keeps serving, or is started again. */
export function attemptFailed(turn: Turn, attempt: Attempt, reason: string): void {
  const current = currentOf(turn.state);
  concludeFailure(turn, attempt, reason);
  rollOutFailed(turn, attempt, reason);
  if (current !== null) {
    turn.enter({ name: 'running', current });
    return;
  }
  const { last } = turn.state;
  const place = (attempt.purpose === 'rotate' || attempt.rollsOut) && last !== null ? last : attempt;
  nothingServes(turn, { place, clean: false, ranMs: 0, reason });
}

/** The configuration that served stays in force. The next reload tries the failed one again. */
function rollOutFailed(turn: Turn, { rollsOut }: Attempt, reason: string): void {
  // A newer configuration has not been tried yet. And if no instance has served, there is no earlier one to keep.
  if (!rollsOut || turn.state.newSpec !== null || turn.state.last === null) return;
  turn.update({ rollOutFailure: reason });
  turn.report({ type: 'roll-out-failed', reason });
}

/** Reports and answers that the attempt has failed. The phase stays. */
export function concludeFailure(turn: Turn, attempt: Intent, reason: string): void {
  if (attempt.purpose === 'rotate') concludeRotation(turn, attempt, reason);
  else turn.answer(attempt.requests, { type: 'failed', reason });
}

/** Counts, reports and answers a rotation. `failure` is null for a completed one. */
export function concludeRotation(
  turn: Turn,
  rotation: Omit<Intent, 'purpose'>,
  failure: string | null,
): void {
  const { from, parameter: to, startedAt, requests } = rotation;
  const durationMs = Math.round(turn.at - startedAt);
  const { completed, failed } = turn.state.rotations;
  let result: RotationResult;
  if (failure === null) {
    result = { outcome: 'completed', from, to, durationMs };
    turn.update({ rotations: { completed: completed + 1, failed } });
    turn.report({ type: 'rotation-completed', from, to, durationMs });
  } else {
    result = { outcome: 'failed', from, to, reason: failure, durationMs };
    turn.update({ rotations: { completed, failed: failed + 1 } });
    const serving = currentOf(turn.state);
    const current = serving && { parameter: serving.parameter, pid: serving.pid };
    turn.report({ type: 'rotation-failed', from, to, reason: failure, durationMs, current });
  }
  turn.update({ lastRotation: { ...result, at: turn.at } });
  turn.answer(requests, { type: 'rotated', result });
}
