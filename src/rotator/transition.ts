/** The machine of one service: what has happened → what is so now, and what is to be done. Pure. */
import type { ServiceConfig } from '../config/types.ts';
import { assertNever } from '../util/assert-never.ts';
import { orphanFound } from './adoption.ts';
import {
  attemptTimerFired,
  beginAttempt,
  becameReady,
  failAttempt,
  hookFinished,
  launched,
  routed,
} from './attempt.ts';
import { exited, launchFailed, leaderExited, stoppedWhenAllGone } from './exits.ts';
import { attemptOf, instanceOf } from './instances.ts';
import { sameAgain } from './intents.ts';
import {
  beginKeptRotation,
  restartRequested,
  rotationRequested,
  settingsChanged,
  signalRequested,
  specChanged,
  startRequested,
  stopRequested,
} from './requests.ts';
import { killRetiring, killTimerFired, launchedTooLate } from './retire.ts';
import { Turn } from './turn.ts';
import type { Event, Id, State, Transition } from './types.ts';

/** A service that has never been started. */
export function initialState(spec: ServiceConfig): State {
  return {
    phase: { name: 'stopped' },
    spec,
    newSpec: null,
    rollOutFailure: null,
    nextId: 1,
    retiring: [],
    pending: [],
    last: null,
    routedWith: null,
    crashes: 0,
    restarts: 0,
    rotations: { completed: 0, failed: 0 },
    lastRotation: null,
  };
}

/**
 * One step of the machine. The input state is never changed; an event about an id that is not known (any more)
 * changes nothing. The effects are to be carried out in their order.
 */
export function transition(state: State, event: Event): Transition {
  const turn = new Turn(state, event.at);
  apply(turn, event);
  stoppedWhenAllGone(turn);
  beginKeptRotation(turn);
  return turn.result;
}

function apply(turn: Turn, event: Event): void {
  switch (event.type) {
    case 'rotationRequested':
      rotationRequested(turn, event.request);
      return;
    case 'startRequested':
      startRequested(turn, event.request);
      return;
    case 'stopRequested':
      stopRequested(turn, event.request);
      return;
    case 'restartRequested':
      restartRequested(turn, event.request);
      return;
    case 'signalRequested':
      signalRequested(turn, event.request, event.signal);
      return;
    case 'specChanged':
      specChanged(turn, event.request, event.spec);
      return;
    case 'settingsChanged':
      settingsChanged(turn, event.request, event.settings);
      return;
    case 'orphanFound':
      orphanFound(turn, event);
      return;
    case 'killRequested':
      killRetiring(turn);
      return;
    case 'launched':
      launched(turn, event.instance, event.pid);
      launchedTooLate(turn, event.instance, event.pid);
      return;
    case 'launchFailed':
      launchFailed(turn, event.instance, event.reason);
      return;
    case 'becameReady':
      becameReady(turn, event.instance);
      return;
    case 'readinessTimedOut':
      readinessTimedOut(turn, event.instance, event.reason);
      return;
    case 'leaderExited':
      if (instanceOf(turn.state, event.instance) !== undefined)
        leaderExited(turn, event.instance, event.exit);
      return;
    case 'exited':
      if (instanceOf(turn.state, event.instance) !== undefined) exited(turn, event.instance, event.exit);
      return;
    case 'timerFired':
      timerFired(turn, event.timer);
      return;
    case 'hookFinished':
      hookFinished(turn, event.hook, event.failure);
      return;
    case 'routed':
      routed(turn, event.route, event.failure);
      return;
    default:
      assertNever(event);
  }
}

function readinessTimedOut(turn: Turn, id: Id, reason: string): void {
  const step = attemptOf(turn.state)?.step;
  if (step?.name !== 'probing' || step.instance.id !== id) return;
  const { parameter, pid } = step.instance;
  turn.report({ type: 'instance-not-ready', parameter, pid, reason });
  failAttempt(turn, reason);
}

function timerFired(turn: Turn, timer: Id): void {
  const { phase } = turn;
  if (killTimerFired(turn, timer)) return;
  if (phase.name === 'backoff' && phase.timer === timer) {
    turn.update({ restarts: turn.state.restarts + 1 });
    beginAttempt(turn, sameAgain(turn, 'restart', []));
    return;
  }
  attemptTimerFired(turn, timer);
}
