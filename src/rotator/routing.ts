/** Who gets new requests: whoever routes them is asked before an instance that serves is told to stop. */
import type { Parameter, ServiceConfig } from '../config/types.ts';
import { currentOf } from './instances.ts';
import type { Turn } from './turn.ts';
import type { Attempt, Id, Instance } from './machine.ts';

/** Asks for a switch and returns its id; null where nobody is to be told. */
export function startRoute(turn: Turn, spec: ServiceConfig, to: Parameter): Id | null {
  // A reload that takes the route away leaves one to be withdrawn.
  if (spec.route === null && turn.state.routedWith === null) return null;
  const route = turn.newId();
  turn.effect({ type: 'route', route, to, spec });
  turn.update({ routedWith: spec.route === null ? null : spec });
  return route;
}

/** The switch to the next instance may have been made: it is taken back before the attempt is given up. */
export function startRouteBack(turn: Turn, { step }: Attempt): Id | null {
  const current = currentOf(turn.state);
  const switched = step.name === 'routing' || step.name === 'overlap' || step.name === 'before-stop';
  return switched && current !== null ? startRoute(turn, current.spec, current.parameter) : null;
}

export function reportSwitch(turn: Turn, to: Instance | null, failure: string | null): void {
  // Without a route of its own it was only the withdrawal of an earlier one.
  if (to === null || to.spec.route === null) return;
  const { parameter } = to;
  turn.report(
    failure === null
      ? { type: 'route-switched', parameter }
      : { type: 'route-failed', parameter, reason: failure },
  );
}

/** Nothing serves, or nothing will. */
export function withdrawRoute(turn: Turn, because: 'stopped' | 'lost'): void {
  const { routedWith: spec } = turn.state;
  if (spec === null) return;
  turn.effect({ type: 'withdrawRoute', because, spec });
  // What is lost may be left as it is, and is to be withdrawn when the service is stopped.
  if (because === 'stopped') turn.update({ routedWith: null });
}

/** What an orphan got from the manager before this one, it keeps. */
export function keepRoute(turn: Turn, { spec, parameter }: Instance): void {
  if (spec.route === null) return;
  turn.effect({ type: 'keepRoute', to: parameter, spec });
  turn.update({ routedWith: spec });
}

/** An earlier manager that was killed may have left a route to what is gone. */
export function clearRoute(turn: Turn): void {
  const { spec } = turn.state;
  if (spec.route !== null) turn.effect({ type: 'withdrawRoute', because: 'lost', spec });
}
