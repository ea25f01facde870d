/** The machine of one service: state and input → new state and effects. Pure. */
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
import type { Input, Id, State, Transition } from './machine.ts';

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
 * One step of the machine. The given state is never changed in place. An input about an unknown id changes nothing. The
 * effects must be performed in their order.
 */
export function transition(state: State, input: Input): Transition {
  const turn = new Turn(state, input.at);
  apply(turn, input);
  stoppedWhenAllGone(turn);
  beginKeptRotation(turn);
  return turn.result;
}

function apply(turn: Turn, input: Input): void {
  switch (input.type) {
    case 'rotationRequested':
      rotationRequested(turn, input.request);
      return;
    case 'startRequested':
      startRequested(turn, input.request);
      return;
    case 'stopRequested':
      stopRequested(turn, input.request);
      return;
    case 'restartRequested':
      restartRequested(turn, input.request);
      return;
    case 'signalRequested':
      signalRequested(turn, input.request, input.signal);
      return;
    case 'specChanged':
      specChanged(turn, input.request, input.spec);
      return;
    case 'settingsChanged':
      settingsChanged(turn, input.request, input.settings);
      return;
    case 'orphanFound':
      orphanFound(turn, input);
      return;
    case 'killRequested':
      killRetiring(turn);
      return;
    case 'launched':
      launched(turn, input.instance, input.pid);
      launchedTooLate(turn, input.instance, input.pid);
      return;
    case 'launchFailed':
      launchFailed(turn, input.instance, input.reason);
      return;
    case 'becameReady':
      becameReady(turn, input.instance);
      return;
    case 'readinessTimedOut':
      readinessTimedOut(turn, input.instance, input.reason);
      return;
    case 'leaderExited':
      if (instanceOf(turn.state, input.instance) !== undefined)
        leaderExited(turn, input.instance, input.exit);
      return;
    case 'exited':
      if (instanceOf(turn.state, input.instance) !== undefined) exited(turn, input.instance, input.exit);
      return;
    case 'timerFired':
      timerFired(turn, input.timer);
      return;
    case 'hookFinished':
      hookFinished(turn, input.hook, input.failure);
      return;
    case 'routed':
      routed(turn, input.route, input.failure);
      return;
    default:
      assertNever(input);
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
