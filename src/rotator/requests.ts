/** The requests to a service. Each gets exactly one answer, at once or when it is done. */
import type { ServiceConfig, Settings, SignalName } from '../config/types.ts';
import { abandonAttempt, beginAttempt } from './attempt.ts';
import { INTERRUPTION } from './interruption.ts';
import { attemptOf, currentOf, nextPlace, positionIn, retiringAt } from './instances.ts';
import { applySettings, rotationTo, sameAgain, settleSpec, wantedSpec, withSpec } from './intents.ts';
import { concludeFailure, concludeRotation } from './outcome.ts';
import { endSeriesAfter } from './restart.ts';
import { retire } from './retire.ts';
import { withdrawRoute } from './routing.ts';
import type { Turn } from './turn.ts';
import type { Id, Intent, Purpose } from './machine.ts';

/** Why a rotation of all services leaves this one alone. Null if it takes part. */
export function leftAloneBecause({ onRotate }: ServiceConfig): string | null {
  if (onRotate.type === 'none') return 'onRotate is none';
  return onRotate.type === 'restart' && onRotate.byNameOnly === true
    ? 'it has neither parameters nor onRotate, so a rotation would be a restart'
    : null;
}

export function rotationRequested(turn: Turn, request: Id): void {
  const { phase } = turn;
  if (turn.state.spec.onRotate.type === 'none') {
    refuseRotation(
      turn,
      [request],
      'onRotate is none. To stop the service and start it again, with downtime, use restart',
    );
    return;
  }
  switch (phase.name) {
    case 'stopped':
      refuseRotation(turn, [request], 'the service is stopped');
      return;
    case 'stopping':
      if (phase.then === null) refuseRotation(turn, [request], 'the service is stopping');
      else keepRotation(turn, request);
      return;
    case 'starting':
    case 'rotating':
      keepRotation(turn, request);
      return;
    case 'running':
    case 'backoff':
    case 'failed':
      rotate(turn, [request]);
  }
}

/** The kept requests become one rotation when the current one is over. */
export function beginKeptRotation(turn: Turn): void {
  const { pending } = turn.state;
  if (pending.length === 0) return;
  switch (turn.phase.name) {
    case 'starting':
    case 'rotating':
    case 'stopping':
      return;
    case 'stopped':
      settleSpec(turn);
      turn.update({ pending: [] });
      refuseRotation(turn, pending, 'the service is stopped');
      return;
    case 'running':
    case 'backoff':
    case 'failed':
      turn.update({ pending: [] });
      rotate(turn, pending);
  }
}

export function startRequested(turn: Turn, request: Id): void {
  const { phase } = turn;
  switch (phase.name) {
    case 'running':
    case 'rotating':
      turn.answer([request], { type: 'done' });
      return;
    case 'starting':
      turn.enter({ ...phase, attempt: { ...phase.attempt, requests: [...phase.attempt.requests, request] } });
      return;
    case 'stopping':
      startAfterwards(turn, 'start', request);
      return;
    case 'stopped':
    case 'backoff':
    case 'failed':
      resetCrashes(turn);
      beginAttempt(turn, sameAgain(turn, 'start', [request]));
  }
}

export function stopRequested(turn: Turn, request: Id): void {
  const { phase } = turn;
  if (phase.name === 'stopped') {
    turn.answer([request], { type: 'done' });
    return;
  }
  const earlier = phase.name === 'stopping' ? phase.requests : [];
  settleSpec(turn);
  if (phase.name === 'stopping' && phase.then !== null) concludeFailure(turn, phase.then, INTERRUPTION.stop);
  stopEverything(turn, INTERRUPTION.stop);
  const { pending } = turn.state;
  turn.update({ pending: [], crashes: 0 });
  refuseRotation(turn, pending, INTERRUPTION.stop);
  turn.enter({ name: 'stopping', then: null, requests: [...earlier, request] });
}

/** Stops the service, then starts it with the same parameter. */
export function restartRequested(turn: Turn, request: Id): void {
  if (turn.phase.name === 'stopping') {
    startAfterwards(turn, 'restart', request);
    return;
  }
  if (turn.phase.name === 'stopped') {
    startRequested(turn, request);
    return;
  }
  const then = sameAgain(turn, 'restart', [request]);
  stopEverything(turn, INTERRUPTION.restart);
  turn.update({ crashes: 0 });
  turn.enter({ name: 'stopping', then, requests: [] });
}

export function signalRequested(turn: Turn, request: Id, signal: SignalName): void {
  const current = currentOf(turn.state);
  if (current === null) {
    turn.answer([request], {
      type: 'refused',
      reason: `it is ${turn.phase.name} and has no current instance`,
    });
    return;
  }
  turn.effect({ type: 'signal', instance: current.id, signal });
  turn.report({ type: 'signal-sent', parameter: current.parameter, pid: current.pid, signal });
  turn.answer([request], { type: 'done' });
}

/** A reload brought another configuration. A rotation rolls it out. It comes into force when that rotation succeeds. */
export function specChanged(turn: Turn, request: Id, spec: ServiceConfig): void {
  turn.update({ rollOutFailure: null });
  const { phase } = turn;
  switch (phase.name) {
    case 'stopped':
      turn.update({ spec });
      turn.answer([request], { type: 'done' });
      return;
    case 'stopping':
      if (phase.then === null) {
        turn.update({ spec });
        turn.answer([request], { type: 'done' });
      } else turn.enter({ ...phase, then: joined(withSpec(turn, phase.then, spec), request) });
      return;
    case 'starting':
    case 'rotating':
      turn.update({ newSpec: spec, pending: [...turn.state.pending, request] });
      return;
    case 'running':
      turn.update({ newSpec: spec });
      rotate(turn, [request]);
      return;
    case 'backoff':
    case 'failed':
      turn.update({ newSpec: spec });
      resetCrashes(turn);
      beginAttempt(turn, sameAgain(turn, 'start', [request]));
  }
}

/** Applies settings without a new process. Timers that already run (overlap, KILL) keep their duration. */
export function settingsChanged(turn: Turn, request: Id, settings: Settings): void {
  turn.update({ rollOutFailure: null });
  applySettings(turn, settings);
  turn.answer([request], { type: 'done' });
}

function rotate(turn: Turn, requests: readonly Id[]): void {
  const { spec } = wantedSpec(turn.state);
  if (spec.onRotate.type !== 'alternate') {
    rotateAlone(turn, requests);
    return;
  }
  const { parameters, rotation } = spec;
  const place = nextPlace(parameters, turn.state.last);
  const current = currentOf(turn.state);
  const serves = current !== null && positionIn(parameters, current) === place.position;
  const held =
    rotation.parameterInUse === 'refuse' && retiringAt(turn.state, parameters, place) !== undefined;
  if (serves || held) {
    turn.update({ newSpec: null });
    refuseRotation(
      turn,
      requests,
      place.parameter === null ? 'its command still runs' : `the command with ${place.parameter} still runs`,
    );
  } else beginRotation(turn, rotationTo(turn, place, requests));
}

/** If no instance serves, the rotation resets the crashes, as a start does. */
function beginRotation(turn: Turn, rotation: Intent): void {
  if (currentOf(turn.state) === null) resetCrashes(turn);
  beginAttempt(turn, rotation);
}

/** Rotates a service without parameters: its instance gets a signal, or is stopped and started again. */
function rotateAlone(turn: Turn, requests: readonly Id[]): void {
  const current = currentOf(turn.state);
  const rotation = rotationTo(turn, { parameter: null, position: 0 }, requests);
  const { onRotate } = rotation.spec;
  if (current === null) {
    beginRotation(turn, rotation);
  } else if (onRotate.type === 'signal' && !rotation.rollsOut) {
    turn.effect({ type: 'signal', instance: current.id, signal: onRotate.signal });
    const { parameter, pid } = current;
    turn.report({ type: 'signal-sent', parameter, pid, signal: onRotate.signal });
    concludeRotation(turn, { ...rotation, parameter }, null);
  } else {
    endSeriesAfter(turn, current);
    withdrawRoute(turn, 'stopped');
    retire(turn, current);
    turn.enter({ name: 'stopping', then: rotation, requests: [] });
  }
}

/** One more rotation follows. The classic form refuses instead. */
function keepRotation(turn: Turn, request: Id): void {
  if (turn.state.spec.rotation.whileRotating === 'refuse') {
    refuseRotation(turn, [request], `it is already ${turn.phase.name}`);
    return;
  }
  turn.update({ pending: [...turn.state.pending, request] });
  turn.report({ type: 'rotation-kept' });
}

function refuseRotation(turn: Turn, requests: readonly Id[], reason: string): void {
  if (requests.length === 0) return;
  turn.report({ type: 'rotation-refused', reason });
  turn.answer(requests, { type: 'refused', reason });
}

/** Stops every instance that lives and ends what is under way. */
function stopEverything(turn: Turn, reason: string): void {
  cancelBackoff(turn);
  withdrawRoute(turn, 'stopped');
  const attempt = attemptOf(turn.state);
  abandonAttempt(turn);
  const current = currentOf(turn.state);
  if (current !== null) retire(turn, current);
  if (attempt !== null) concludeFailure(turn, attempt, reason);
}

/** An explicit request ends the series of crashes and its delay. */
function resetCrashes(turn: Turn): void {
  cancelBackoff(turn);
  turn.update({ crashes: 0 });
}

function cancelBackoff(turn: Turn): void {
  if (turn.phase.name === 'backoff') turn.effect({ type: 'cancelTimer', timer: turn.phase.timer });
}

function startAfterwards(turn: Turn, purpose: Purpose, request: Id): void {
  const { phase } = turn;
  if (phase.name !== 'stopping') return;
  const then = phase.then === null ? sameAgain(turn, purpose, [request]) : joined(phase.then, request);
  turn.enter({ ...phase, then });
}

function joined(intent: Intent, request: Id): Intent {
  return { ...intent, requests: [...intent.requests, request] };
}
