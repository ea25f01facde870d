/** Derives what the status shows of a service from its state. */
import type { Parameter } from '../config/types.ts';
import { attemptOf, currentOf, nextOf } from './instances.ts';
import type { Attempt, Instance, Millis, PhaseName, RotationResult, State } from './machine.ts';

export interface InstanceView {
  readonly parameter: Parameter;
  readonly pid: number | null;
  readonly state: 'starting' | 'ready' | 'retiring';
  readonly startedAt: Millis;
}

export interface ServiceView {
  readonly name: string;
  readonly state: PhaseName;
  readonly current: InstanceView | null;
  readonly next: InstanceView | null;
  readonly retiring: readonly InstanceView[];
  readonly pendingRotation: boolean;
  readonly rotations: { readonly completed: number; readonly failed: number };
  readonly restarts: number;
  readonly lastRotation: (RotationResult & { readonly at: Millis }) | null;
  /** What the service waits for, or why it is in this state, as text. Null if there is nothing to report. */
  readonly detail: string | null;
  /** The time of the next restart and the number of consecutive restarts with it. Null except in a back-off. */
  readonly retry: { readonly at: Millis; readonly number: number } | null;
}

export function viewOf(state: State): ServiceView {
  const current = currentOf(state);
  const next = nextOf(state);
  return {
    name: state.spec.name,
    state: state.phase.name,
    current: current && viewOfInstance(current, 'ready'),
    next: next && viewOfInstance(next, isReady(attemptOf(state)) ? 'ready' : 'starting'),
    retiring: state.retiring.map(({ instance }) => viewOfInstance(instance, 'retiring')),
    pendingRotation: state.pending.length > 0,
    rotations: state.rotations,
    restarts: state.restarts,
    lastRotation: state.lastRotation,
    detail: detailOf(state),
    retry: state.phase.name === 'backoff' ? { at: state.phase.until, number: state.crashes } : null,
  };
}

function viewOfInstance(instance: Instance, state: InstanceView['state']): InstanceView {
  const { parameter, pid, launchedAt: startedAt } = instance;
  return { parameter, pid, state, startedAt };
}

function isReady(attempt: Attempt | null): boolean {
  return (
    attempt !== null &&
    ['after-ready', 'routing', 'overlap', 'before-stop', 'routing-back'].includes(attempt.step.name)
  );
}

function detailOf(state: State): string | null {
  const { phase } = state;
  switch (phase.name) {
    case 'starting':
    case 'rotating':
      return detailOfStep(phase.attempt);
    case 'backoff':
    case 'failed':
      return phase.reason;
    case 'stopping':
      return phase.then === null
        ? 'waiting until its process group is gone'
        : 'stopping, then starting again';
    case 'running':
      return state.rollOutFailure === null
        ? null
        : `the configuration of the last reload failed (${state.rollOutFailure}). The previous one serves. Fix the file and reload`;
    case 'stopped':
      return null;
  }
}

function detailOfStep({ step, parameter }: Attempt): string {
  const name = parameter ?? 'the instance';
  switch (step.name) {
    case 'awaiting-parameter':
      return `waiting until the old instance${parameter === null ? '' : ` with ${parameter}`} is gone`;
    case 'before-start':
      return 'running the hook beforeStart';
    case 'launching':
      return `launching ${name}`;
    case 'probing':
      return `waiting for ${name} to be ready`;
    case 'after-ready':
      return 'running the hook afterReady';
    case 'routing':
      return `routing requests to ${name}`;
    case 'routing-back':
      return `routing requests back to the old instance: ${step.reason}`;
    case 'overlap':
      return `${name} is ready; overlap`;
    case 'before-stop':
      return 'running the hook beforeStop';
  }
}
