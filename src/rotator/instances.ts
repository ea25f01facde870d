import type { Parameter } from '../config/types.ts';
import type { Attempt, Id, Instance, State } from './types.ts';

/** The instance that serves; null where none does. */
export function currentOf({ phase }: State): Instance | null {
  return phase.name === 'running' || phase.name === 'rotating' ? phase.current : null;
}

/** The instance that requests go to: in the overlap of a service with a route that is the next one already. */
export function servingOf(state: State): Instance | null {
  const step = attemptOf(state)?.step;
  const switched = step?.name === 'overlap' || step?.name === 'before-stop';
  return switched && step.instance.spec.route !== null ? step.instance : currentOf(state);
}

/** The attempt that is under way; null where nothing is being brought up. */
export function attemptOf({ phase }: State): Attempt | null {
  return phase.name === 'starting' || phase.name === 'rotating' ? phase.attempt : null;
}

/** The instance that is being brought up; null before its launch. */
export function nextOf(state: State): Instance | null {
  const step = attemptOf(state)?.step;
  return step !== undefined && 'instance' in step ? step.instance : null;
}

/** Every instance whose process group may be alive. */
export function liveInstances(state: State): readonly Instance[] {
  const serving = [currentOf(state), nextOf(state)].filter((instance) => instance !== null);
  return [...serving, ...state.retiring.map(({ instance }) => instance)];
}

export function instanceOf(state: State, id: Id): Instance | undefined {
  return liveInstances(state).find((instance) => instance.id === id);
}

/** The instance that still holds a parameter although it is on its way out. */
export function retiringWith(state: State, parameter: Parameter): Instance | undefined {
  return state.retiring.find(({ instance }) => instance.parameter === parameter)?.instance;
}

/** `wanted` where the list has it, otherwise the first: a reload may have changed the list. */
export function listedParameter(
  parameters: readonly [Parameter, ...Parameter[]],
  wanted: Parameter | undefined,
): Parameter {
  return wanted !== undefined && parameters.includes(wanted) ? wanted : parameters[0];
}

/** The parameter after `last` in the list, round and round; the first one where `last` is not in the list. */
export function nextParameter(
  parameters: readonly [Parameter, ...Parameter[]],
  last: Parameter | undefined,
): Parameter {
  const index = last === undefined ? -1 : parameters.indexOf(last);
  return parameters[(index + 1) % parameters.length] ?? parameters[0];
}
