/** Switches the route: the proxy is notified before an instance that serves is stopped. */
import type { Parameter, ServiceConfig } from '../config/types.ts';
import { currentOf } from './instances.ts';
import type { Turn } from './turn.ts';
import type { Attempt, Id, Instance } from './machine.ts';

/** Asks for a switch and returns its id. Null if there is no proxy to notify. */
export function startRoute(turn: Turn, spec: ServiceConfig, to: Parameter): Id | null {
  // If a reload removes `route`, the earlier route is still to be withdrawn.
  if (spec.route === null && turn.state.routedWith === null) return null;
  const route = turn.newId();
  turn.effect({ type: 'route', route, to, spec });
  turn.update({ routedWith: spec.route === null ? null : spec });
  return route;
}

/** Asks for a switch back to the current instance, if the switch to the next one may have been made. */
export function startRouteBack(turn: Turn, { step }: Attempt): Id | null {
  const current = currentOf(turn.state);
  const switched = step.name === 'routing' || step.name === 'overlap' || step.name === 'before-stop';
  return switched && current !== null ? startRoute(turn, current.spec, current.parameter) : null;
}

export function reportSwitch(turn: Turn, to: Instance | null, failure: string | null): void {
  // If the instance has no route, this switch only withdrew an earlier route.
  if (to === null || to.spec.route === null) return;
  const { parameter } = to;
  turn.report(
    failure === null
      ? { type: 'route-switched', parameter }
      : { type: 'route-failed', parameter, reason: failure },
  );
}

/** No instance serves now (`lost`), or the service stops (`stopped`): new requests go nowhere. */
export function withdrawRoute(turn: Turn, because: 'stopped' | 'lost'): void {
  const { routedWith: spec } = turn.state;
  if (spec === null) return;
  turn.effect({ type: 'withdrawRoute', because, spec });
  // After `lost` the route may still exist. It is withdrawn when the service is stopped.
  if (because === 'stopped') turn.update({ routedWith: null });
}

/** An orphan keeps the route that the earlier manager gave it. */
export function keepRoute(turn: Turn, { spec, parameter }: Instance): void {
  if (spec.route === null) return;
  turn.effect({ type: 'keepRoute', to: parameter, spec });
  turn.update({ routedWith: spec });
}

/** A killed manager may have left a route to an instance that is gone. */
export function clearRoute(turn: Turn): void {
  const { spec } = turn.state;
  if (spec.route !== null) turn.effect({ type: 'withdrawRoute', because: 'lost', spec });
}
