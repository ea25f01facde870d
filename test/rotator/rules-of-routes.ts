/** What must hold about who gets new requests, as the effects ask and the inputs answer. */
import { isDeepStrictEqual } from 'node:util';
import { currentOf } from '../../src/rotator/instances.ts';
import type { Parameter } from '../../src/config/types.ts';
import type { Effect, Id, Instance } from '../../src/rotator/machine.ts';
import { eachStep, effectsOf } from './rules.ts';
import type { TraceStep } from './world.ts';

type Switch = Effect & { readonly type: 'route' | 'keepRoute' };

interface Said {
  /** The last thing asked for; undefined before the first. */
  last: Switch | 'withdrawn' | undefined;
  /** What has come of it; undefined: not known yet. */
  outcome: 'done' | 'failed' | undefined;
}

const nothingSaid = (): Said => ({ last: undefined, outcome: undefined });

/** Events first: what they tell came before the effects of the step. Returns what was so before those effects. */
function follow(said: Said, { input, stale, effects }: TraceStep): Said {
  if (
    input.type === 'routed' &&
    !stale &&
    typeof said.last === 'object' &&
    'route' in said.last &&
    said.last.route === input.route
  )
    said.outcome = input.failure === null ? 'done' : 'failed';
  const before = { ...said };
  for (const effect of effects) {
    if (effect.type !== 'route' && effect.type !== 'keepRoute' && effect.type !== 'withdrawRoute') continue;
    said.last = effect.type !== 'withdrawRoute' && effect.spec.route !== null ? effect : 'withdrawn';
    // For an orphan it is mostly so already, and nothing waits for it.
    said.outcome = effect.type === 'keepRoute' ? 'done' : undefined;
  }
  return before;
}

function goesTo({ last }: Said, { parameter, spec }: Instance): boolean {
  return typeof last === 'object' && last.to === parameter && isDeepStrictEqual(last.spec.route, spec.route);
}

/** TERM comes only after whoever routes requests has switched. */
export const theRouteIsSwitchedBeforeTerm = eachStep(nothingSaid, (step, said) => {
  const before = follow(said, step);
  const served = currentOf(step.before);
  const serves = currentOf(step.after);
  if (served === null || serves === null || served.id === serves.id) return null;
  const { input } = step;
  const died = (input.type === 'exited' || input.type === 'leaderExited') && input.instance === served.id;
  if (died || serves.spec.route === null) return null;
  return goesTo(before, serves) && before.outcome === 'done'
    ? null
    : `#${served.id} is stopped before requests go to #${serves.id}`;
});

/** Whatever serves gets the requests back before the rotation is called failed. */
export const theRouteIsBackBeforeTheFailure = eachStep(nothingSaid, (step, said) => {
  const before = follow(said, step);
  const failed = effectsOf(step, 'report').some(({ report }) => report.type === 'rotation-failed');
  const serves = currentOf(step.after);
  if (!failed || serves === null || serves.spec.route === null) return null;
  if (currentOf(step.before)?.id !== serves.id) return null;
  return goesTo(before, serves) && before.outcome !== undefined
    ? null
    : `#${serves.id} has not got its requests back`;
});

/** At rest the last word about the route is the right one. */
export const theLastWordIsRight = eachStep(nothingSaid, (step, said) => {
  follow(said, step);
  const { phase } = step.after;
  if (phase.name === 'running') {
    if (phase.current.spec.route !== null && !goesTo(said, phase.current))
      return `requests do not go to #${phase.current.id}, which serves`;
    return null;
  }
  const switched = phase.name === 'rotating' && phase.attempt.step.name === 'routing';
  const nothingServes = phase.name !== 'starting' && currentOf(step.after) === null && !switched;
  return nothingServes && typeof said.last === 'object'
    ? `requests go to ${said.last.to ?? '-'}, which is gone`
    : null;
});

/** Nobody who is not alive and ready is ever routed to. */
export const onlyWhatIsReadyIsRoutedTo = eachStep(
  () => new Map<Id, Parameter>(),
  (step, ready) => {
    const { input, before } = step;
    // An orphan that served was ready under the manager before this one.
    const served = currentOf(step.after);
    if (input.type === 'orphanFound' && served !== null) ready.set(served.id, served.parameter);
    const next =
      before.phase.name === 'starting' || before.phase.name === 'rotating' ? before.phase.attempt.step : null;
    if (input.type === 'becameReady' && !step.stale) {
      if (next !== null && 'instance' in next && next.instance !== null)
        ready.set(input.instance, next.instance.parameter);
    } else if (input.type === 'launched' && next?.name === 'launching') {
      if (next.instance.id === input.instance && next.instance.spec.ready === null)
        ready.set(input.instance, next.instance.parameter);
    } else if ((input.type === 'exited' || input.type === 'leaderExited') && !step.stale) {
      ready.delete(input.instance);
    }
    const stranger = effectsOf(step, 'route').find(({ to }) => ![...ready.values()].includes(to));
    return stranger === undefined ? null : `${stranger.to ?? '-'} is not ready, or gone`;
  },
);
