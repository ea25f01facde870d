/** Takes over the instances that a killed manager left behind. */
import { retire } from './retire.ts';
import { keepRoute } from './routing.ts';
import type { Turn } from './turn.ts';
import type { Input, Instance } from './machine.ts';

/**
 * An orphan that served keeps serving until a successor is ready, if a second instance can run beside it. Every other
 * orphan is stopped. The input about the orphan that served must come first. Its parameter and its route may differ
 * from the present configuration, as after a reload. The rotation that follows replaces them.
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
