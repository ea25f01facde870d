/** What an earlier manager left behind when it was killed. */
import type { Parameter } from '../config/types.ts';
import { retire } from './retire.ts';
import { startRoute } from './routing.ts';
import type { Turn } from './turn.ts';
import type { Event, Instance } from './types.ts';

/**
 * An orphan that served goes on serving until a successor is ready, where there can be one beside it; any other one
 * is told to stop. The one that served is to be told of first.
 */
export function orphanFound(turn: Turn, { pid, parameter, serves }: Event & { type: 'orphanFound' }): void {
  const { spec } = turn.state;
  const instance: Instance = { id: turn.newId(), parameter, pid, launchedAt: turn.at, spec };
  turn.effect({ type: 'adopt', instance: instance.id, pid });
  turn.report({ type: 'orphan-adopted', parameter, pid });
  if (serves && turn.phase.name === 'stopped' && isAlternatedBetween(turn, parameter)) {
    turn.enter({ name: 'running', current: instance });
    turn.update({ lastParameter: parameter });
    // Most likely it is so already; nothing waits for what comes of it.
    startRoute(turn, spec, parameter);
  } else {
    retire(turn, instance);
    if (turn.phase.name === 'stopped') turn.enter({ name: 'stopping', then: null, requests: [] });
  }
}

function isAlternatedBetween({ state: { spec } }: Turn, parameter: Parameter): boolean {
  return spec.onRotate.type === 'alternate' && spec.parameters.includes(parameter);
}
