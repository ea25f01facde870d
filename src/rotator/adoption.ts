/** What an earlier manager left behind when it was killed. */
import { retire } from './retire.ts';
import { keepRoute } from './routing.ts';
import type { Turn } from './turn.ts';
import type { Input, Instance } from './machine.ts';

/**
 * An orphan that served goes on serving until a successor is ready, where there can be one beside it; any other one
 * is told to stop. The one that served is to be told of first. As after a reload, its parameter and its route may be
 * others than the configuration has now: the rotation that follows replaces them.
 */
export function orphanFound(turn: Turn, orphan: Input & { type: 'orphanFound' }): void {
  const { pid, parameter, serves, route } = orphan;
  const spec = { ...turn.state.spec, route };
  const position = spec.parameters.indexOf(parameter);
  const instance: Instance = { id: turn.newId(), parameter, position, pid, launchedAt: turn.at, spec };
  turn.effect({ type: 'adopt', instance: instance.id, pid });
  turn.report({ type: 'orphan-adopted', parameter, pid });
  const alternates = spec.onRotate.type === 'alternate' && parameter !== null;
  if (serves && alternates && turn.phase.name === 'stopped') {
    turn.enter({ name: 'running', current: instance });
    turn.update({ last: { parameter, position } });
    keepRoute(turn, instance);
  } else {
    retire(turn, instance);
    if (turn.phase.name === 'stopped') turn.enter({ name: 'stopping', then: null, requests: [] });
  }
}
