/** Reads instances and places from the state. */
import type { Parameter } from '../config/types.ts';
import type { Attempt, Id, Instance, Place, State } from './machine.ts';

/** The current instance. Null if none serves. */
export function currentOf({ phase }: State): Instance | null {
  return phase.name === 'running' || phase.name === 'rotating' ? phase.current : null;
}

/** The instance that gets new requests. In the overlap of a service with a route this is already the next instance. */
export function servingOf(state: State): Instance | null {
  const step = attemptOf(state)?.step;
  const switched = step?.name === 'overlap' || step?.name === 'before-stop';
  return switched && step.instance.spec.route !== null ? step.instance : currentOf(state);
}

/** The attempt under way. Null if there is none. */
export function attemptOf({ phase }: State): Attempt | null {
  return phase.name === 'starting' || phase.name === 'rotating' ? phase.attempt : null;
}

/** The instance of the attempt. Null before its launch. */
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

/** A list of parameters: a cycle of positions. */
type Parameters = readonly [Parameter, ...Parameter[]];

/** The retiring instance that still uses this place. */
export function retiringAt(state: State, parameters: Parameters, place: Place): Instance | undefined {
  return state.retiring.find(({ instance }) => positionIn(parameters, instance) === place.position)?.instance;
}

/**
 * The position of a place in this list. If a reload has changed the list, this is the position of its parameter. -1 if
 * the list does not have that parameter.
 */
export function positionIn(parameters: Parameters, { parameter, position }: Place): number {
  return parameters[position] === parameter ? position : parameters.indexOf(parameter);
}

/** `wanted` if the list has it, otherwise the first place. A reload may have changed the list. */
export function listedPlace(parameters: Parameters, wanted: Place | null): Place {
  return placeAt(parameters, wanted === null ? 0 : Math.max(0, positionIn(parameters, wanted)));
}

/** The place after `last`. The first place follows the last one, and is the result if `last` is not in the list. */
export function nextPlace(parameters: Parameters, last: Place | null): Place {
  return placeAt(parameters, last === null ? 0 : positionIn(parameters, last) + 1);
}

function placeAt(parameters: Parameters, index: number): Place {
  const position = index % parameters.length;
  return { parameter: parameters[position] ?? null, position };
}
