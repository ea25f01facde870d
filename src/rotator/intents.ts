/** Decides which parameter is started next, and with which configuration. */
import type { ServiceConfig, Settings } from '../config/types.ts';
import { attemptOf, listedPlace, nextPlace } from './instances.ts';
import type { Turn } from './turn.ts';
import type { Id, Instance, Intent, Place, Purpose, State, Step } from './machine.ts';

type Form = Pick<Intent, 'spec' | 'rollsOut'>;

/**
 * The newest configuration: the one that waits for its roll-out, else the one being rolled out, else the one in force.
 */
export function wantedSpec(state: State): Form {
  return state.newSpec === null ? startedSpec(state) : { spec: state.newSpec, rollsOut: true };
}

/**
 * As `wantedSpec`, without a configuration that waits: a rotation of its own rolls that one out and answers the reload.
 */
function startedSpec(state: State): Form {
  const { phase } = state;
  const intent = phase.name === 'stopping' ? phase.then : attemptOf(state);
  return intent ?? { spec: state.spec, rollsOut: false };
}

export function rotationTo(turn: Turn, { parameter, position }: Place, requests: readonly Id[]): Intent {
  const { spec, rollsOut } = wantedSpec(turn.state);
  turn.update({ newSpec: null });
  const from = turn.state.last?.parameter ?? null;
  return { purpose: 'rotate', from, parameter, position, spec, rollsOut, startedAt: turn.at, requests };
}

/** The parameter that served last, or was about to serve. The first parameter if the list no longer has it. */
export function sameAgain(turn: Turn, purpose: Purpose, requests: readonly Id[]): Intent {
  const { phase, last } = turn.state;
  const down = phase.name === 'backoff' || phase.name === 'failed';
  const { spec, rollsOut } = down ? wantedSpec(turn.state) : startedSpec(turn.state);
  if (down) turn.update({ newSpec: null });
  const place = listedPlace(spec.parameters, phase.name === 'backoff' ? phase : last);
  const from = last?.parameter ?? null;
  return { purpose, from, ...place, spec, rollsOut, startedAt: turn.at, requests };
}

/** The intent that follows a stop, after a reload has brought another configuration. */
export function withSpec(turn: Turn, intent: Intent, spec: ServiceConfig): Intent {
  const rotates = intent.purpose === 'rotate' && spec.onRotate.type === 'alternate';
  const place = rotates ? nextPlace(spec.parameters, turn.state.last) : listedPlace(spec.parameters, intent);
  return { ...intent, ...place, spec, rollsOut: true };
}

/** Puts the newest configuration into force although no instance has served with it. For a service that is stopped. */
export function settleSpec(turn: Turn): void {
  turn.update({ spec: wantedSpec(turn.state).spec, newSpec: null });
}

/** Applies settings to the configuration in force, to the next one, and to the instances that are not retiring. */
export function applySettings(turn: Turn, settings: Settings): void {
  const { spec, newSpec } = turn.state;
  const changed = (before: ServiceConfig): ServiceConfig => {
    // Whether a service alternates depends on its parameters, and they are not a setting.
    const alternates = [before, settings].some(({ onRotate }) => onRotate.type === 'alternate');
    return { ...before, ...settings, onRotate: (alternates ? before : settings).onRotate };
  };
  const instance = (before: Instance): Instance => ({ ...before, spec: changed(before.spec) });
  const step = (before: Step): Step =>
    'instance' in before && before.instance !== null
      ? { ...before, instance: instance(before.instance) }
      : before;
  turn.update({ spec: changed(spec), newSpec: newSpec && changed(newSpec) });
  const { phase } = turn;
  switch (phase.name) {
    case 'stopped':
    case 'backoff':
    case 'failed':
      return;
    case 'stopping':
      if (phase.then !== null)
        turn.enter({ ...phase, then: { ...phase.then, spec: changed(phase.then.spec) } });
      return;
    case 'running':
      turn.enter({ ...phase, current: instance(phase.current) });
      return;
    case 'starting':
    case 'rotating': {
      const { attempt } = phase;
      const after = { ...attempt, spec: changed(attempt.spec), step: step(attempt.step) };
      if (phase.name === 'starting') turn.enter({ ...phase, attempt: after });
      else turn.enter({ ...phase, current: phase.current && instance(phase.current), attempt: after });
    }
  }
}
