/** Starts the instance of one parameter, step by step, until it serves or has failed. */
import { startHook } from './hooks.ts';
import { attemptOf, currentOf, nextOf, retiringAt } from './instances.ts';
import { attemptFailed, promote } from './outcome.ts';
import { retire } from './retire.ts';
import { clearRoute, reportSwitch, startRoute, startRouteBack, withdrawRoute } from './routing.ts';
import type { Turn } from './turn.ts';
import type { Attempt, Id, Instance, Step, Intent } from './machine.ts';

/** Begins an attempt. An instance that serves now keeps serving. */
export function beginAttempt(turn: Turn, wanted: Intent): void {
  const current = currentOf(turn.state);
  const attempt: Attempt = { ...wanted, step: { name: 'awaiting-parameter' } };
  // No instance has served yet, so a failure has no earlier configuration to return to.
  if (turn.state.last === null) turn.update({ spec: wanted.spec });
  if (wanted.purpose === 'rotate') {
    turn.enter({ name: 'rotating', current, attempt });
    turn.report({ type: 'rotation-started', from: wanted.from, to: wanted.parameter });
  } else {
    turn.enter({ name: 'starting', attempt });
  }
  const holder = retiringAt(turn.state, wanted.spec.parameters, wanted);
  if (holder === undefined) prepare(turn, attempt);
  else turn.report({ type: 'parameter-awaited', parameter: holder.parameter, pid: holder.pid });
}

/** A retiring instance is gone. The attempt continues if it waited for the parameter of this instance. */
export function parameterFreed(turn: Turn): void {
  const attempt = attemptOf(turn.state);
  if (attempt?.step.name !== 'awaiting-parameter') return;
  if (retiringAt(turn.state, attempt.spec.parameters, attempt) === undefined) prepare(turn, attempt);
}

function prepare(turn: Turn, attempt: Attempt): void {
  const current = currentOf(turn.state);
  const hook = startHook(
    turn,
    'beforeStart',
    attempt.spec,
    { parameter: attempt.parameter, pid: null },
    current,
  );
  if (hook === null) launch(turn, attempt);
  else setStep(turn, { name: 'before-start', hook });
}

function launch(turn: Turn, { parameter, position, spec }: Attempt): void {
  const instance: Instance = { id: turn.newId(), parameter, position, pid: null, launchedAt: turn.at, spec };
  setStep(turn, { name: 'launching', instance });
  turn.effect({ type: 'launch', instance: instance.id, parameter, spec });
}

export function launched(turn: Turn, id: Id, pid: number): void {
  const attempt = attemptOf(turn.state);
  if (attempt?.step.name !== 'launching' || attempt.step.instance.id !== id) return;
  const instance: Instance = { ...attempt.step.instance, pid, launchedAt: turn.at };
  setStep(turn, { name: 'probing', instance });
  // Only after the launch: if it fails because another process owns the address, the route may point to that process.
  if (turn.state.last === null) clearRoute(turn);
  turn.report({ type: 'instance-launched', parameter: instance.parameter, pid, purpose: attempt.purpose });
  if (attempt.spec.ready === null) becameReady(turn, id);
  else turn.effect({ type: 'probe', instance: id });
}

export function becameReady(turn: Turn, id: Id): void {
  const attempt = attemptOf(turn.state);
  if (attempt?.step.name !== 'probing' || attempt.step.instance.id !== id) return;
  const { instance } = attempt.step;
  turn.report({
    type: 'instance-ready',
    parameter: instance.parameter,
    pid: instance.pid,
    afterMs: turn.at - instance.launchedAt,
  });
  const hook = startHook(turn, 'afterReady', attempt.spec, instance, currentOf(turn.state));
  if (hook === null) routeTo(turn, attempt, instance);
  else setStep(turn, { name: 'after-ready', instance, hook });
}

function routeTo(turn: Turn, attempt: Attempt, instance: Instance): void {
  const route = startRoute(turn, attempt.spec, instance.parameter);
  if (route === null) beginOverlap(turn, attempt, instance);
  else setStep(turn, { name: 'routing', instance, route });
}

/**
 * The route is switched, or cannot be switched. If no other instance serves, the new one becomes current in any case:
 * the route is set again until that works.
 */
export function routed(turn: Turn, route: Id, failure: string | null): void {
  const attempt = attemptOf(turn.state);
  const step = attempt?.step;
  if (attempt === null || step === undefined || !('route' in step) || step.route !== route) return;
  const back = step.name === 'routing-back';
  reportSwitch(turn, back ? currentOf(turn.state) : step.instance, failure);
  if (back) giveUp(turn, attempt, step.reason);
  else if (failure === null || currentOf(turn.state) === null) beginOverlap(turn, attempt, step.instance);
  else failAttempt(turn, `requests cannot be routed to the new instance: ${failure}`);
}

/** The next instance is ready. It becomes current at once if no other instance serves, otherwise after the overlap. */
function beginOverlap(turn: Turn, attempt: Attempt, instance: Instance): void {
  if (currentOf(turn.state) === null) {
    promote(turn, attempt, instance);
  } else if (attempt.spec.overlapMs === 0) {
    overlapPassed(turn, attempt, instance);
  } else {
    const { overlapMs } = attempt.spec;
    setStep(turn, { name: 'overlap', instance, timer: turn.startTimer(overlapMs) });
    turn.report({ type: 'overlap-started', parameter: instance.parameter, overlapMs });
  }
}

function overlapPassed(turn: Turn, attempt: Attempt, instance: Instance): void {
  const current = currentOf(turn.state);
  const hook = current === null ? null : startHook(turn, 'beforeStop', attempt.spec, current, current);
  if (hook === null) promote(turn, attempt, instance);
  else setStep(turn, { name: 'before-stop', instance, hook });
}

export function attemptTimerFired(turn: Turn, timer: Id): void {
  const attempt = attemptOf(turn.state);
  if (attempt?.step.name === 'overlap' && attempt.step.timer === timer)
    overlapPassed(turn, attempt, attempt.step.instance);
}

export function hookFinished(turn: Turn, hook: Id, failure: string | null): void {
  const attempt = attemptOf(turn.state);
  const step = attempt?.step;
  if (attempt === null || step === undefined || !('hook' in step) || step.hook !== hook) return;
  switch (step.name) {
    case 'before-start':
      if (failure === null) launch(turn, attempt);
      else failAttempt(turn, `the hook beforeStart failed: ${failure}`);
      return;
    case 'after-ready':
      if (failure === null) routeTo(turn, attempt, step.instance);
      else failAttempt(turn, `the hook afterReady failed: ${failure}`);
      return;
    case 'before-stop':
      promote(turn, attempt, step.instance);
  }
}

/** The current instance is gone while its successor starts. */
export function currentLost(turn: Turn): void {
  const { phase } = turn;
  if (phase.name !== 'rotating') return;
  turn.enter({ ...phase, current: null });
  const { attempt } = phase;
  const { step } = attempt;
  if (step.name === 'routing-back') {
    // No other instance is left, so the new one is tried again although its route failed.
    if (step.instance === null) giveUp(turn, attempt, step.reason);
    else routeTo(turn, attempt, step.instance);
  } else if (step.name === 'overlap' || step.name === 'before-stop') {
    cancelStep(turn, step);
    promote(turn, attempt, step.instance);
  } else if (step.name !== 'routing') {
    withdrawRoute(turn, 'lost');
  }
}

/** What is left of the next instance when its attempt ends without success. */
export type Remains = 'process-group' | 'process-group-without-leader' | 'nothing';

/** The attempt has failed. If the route was switched, it is switched back first. Then the attempt is given up. */
export function failAttempt(turn: Turn, reason: string, remains: Remains = 'process-group'): void {
  const attempt = attemptOf(turn.state);
  if (attempt === null) return;
  const { step } = attempt;
  const route = step.name === 'routing-back' ? step.route : startRouteBack(turn, attempt);
  if (route === null) {
    giveUp(turn, attempt, reason, remains);
    return;
  }
  cancelStep(turn, step);
  const next = nextOf(turn.state);
  const first = step.name === 'routing-back' ? step.reason : reason;
  const instance = remains === 'process-group' ? next : null;
  setStep(turn, { name: 'routing-back', instance, route, reason: first });
  if (next !== null && remains === 'process-group-without-leader') retire(turn, next, true);
}

/** Stops what the attempt has started. The instance that served keeps serving. */
function giveUp(turn: Turn, attempt: Attempt, reason: string, remains: Remains = 'process-group'): void {
  abandonAttempt(turn, remains);
  attemptFailed(turn, attempt, reason);
}

/** Ends the hook, the timer and the probe of the attempt, and what remains of its instance. */
export function abandonAttempt(turn: Turn, remains: Remains = 'process-group'): void {
  const attempt = attemptOf(turn.state);
  if (attempt === null) return;
  cancelStep(turn, attempt.step);
  const next = nextOf(turn.state);
  if (next !== null && remains !== 'nothing') retire(turn, next, remains === 'process-group-without-leader');
}

function cancelStep(turn: Turn, step: Step): void {
  if ('hook' in step) turn.effect({ type: 'cancelHook', hook: step.hook });
  if (step.name === 'probing') turn.effect({ type: 'cancelProbe', instance: step.instance.id });
  if (step.name === 'overlap') turn.effect({ type: 'cancelTimer', timer: step.timer });
}

function setStep(turn: Turn, step: Step): void {
  const { phase } = turn;
  if (phase.name === 'starting' || phase.name === 'rotating')
    turn.enter({ ...phase, attempt: { ...phase.attempt, step } });
}
