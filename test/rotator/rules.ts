/**
 * What must hold after any sequence of events. A rule reads a whole trace and says what is wrong with it, or null.
 * It takes what happened from the events and the effects, so that it does not have to believe the state.
 */
import type { Parameter } from '../../src/config/types.ts';
import { attemptOf, currentOf, liveInstances, nextOf } from '../../src/rotator/instances.ts';
import { wantedSpec } from '../../src/rotator/intents.ts';
import type { Answer, Effect, EventType, Id, State } from '../../src/rotator/types.ts';
import { processPart } from './specs.ts';
import type { Trace, TraceStep } from './world.ts';

export interface Verdict {
  /** Index of the step that broke the rule. */
  readonly step: number;
  readonly fault: string;
}
export type Rule = (trace: Trace) => Verdict | null;

/** A rule about each step by itself, with what has been gathered from the steps before. */
export function eachStep<Memory>(
  begin: (trace: Trace) => Memory,
  judge: (step: TraceStep, memory: Memory, index: number) => string | null,
): Rule {
  return (trace) => {
    const memory = begin(trace);
    for (const [index, step] of trace.steps.entries()) {
      const fault = judge(step, memory, index);
      if (fault !== null) return { step: index, fault };
    }
    return null;
  };
}

export function effectsOf<Type extends Effect['type']>(
  { effects }: TraceStep,
  type: Type,
): readonly (Effect & { type: Type })[] {
  return effects.filter((effect): effect is Effect & { type: Type } => effect.type === type);
}

/** Process groups that live after a step, with their parameters, as events and effects tell. */
export function followLives(lives: Map<Id, Parameter>, step: TraceStep): void {
  const { event } = step;
  if (!step.stale && (event.type === 'exited' || event.type === 'launchFailed')) lives.delete(event.instance);
  for (const { instance, parameter } of effectsOf(step, 'launch')) lives.set(instance, parameter);
  if (event.type === 'orphanFound')
    for (const { instance } of effectsOf(step, 'adopt')) lives.set(instance, event.parameter);
}

const newLives = (): Map<Id, Parameter> => new Map();

export const liveInstancesDoNotShareAParameter = eachStep(newLives, (step, lives) => {
  followLives(lives, step);
  const parameters = [...lives.values()];
  if (new Set(parameters).size < parameters.length) return `live at once: ${parameters.join(', ')}`;
  const serving = [currentOf(step.after), nextOf(step.after)].filter((instance) => instance !== null);
  const active = [...lives.keys()].filter(
    (id) => !step.after.retiring.some(({ instance }) => instance.id === id),
  );
  if (active.length > 2) return `${active.length} that are not retiring`;
  return active.every((id) => serving.some((instance) => instance.id === id))
    ? null
    : 'one that is not retiring is neither current nor next';
});

export const theStateKnowsWhatLives = eachStep(newLives, (step, lives) => {
  followLives(lives, step);
  const known = liveInstances(step.after).map(({ id }) => id);
  const same = known.length === lives.size && known.every((id) => lives.has(id));
  return same ? null : `alive are ${[...lives.keys()].join(', ')}; the state knows ${known.join(', ')}`;
});

/** Requests that by their nature end the instance that serves. */
const askToStop: readonly EventType[] = ['stopRequested', 'restartRequested'];

export const whatServesIsStoppedOnlyForASuccessor = eachStep(
  () => new Set<Id>(),
  (step, ready) => {
    const { event, before, after } = step;
    if (event.type === 'becameReady' && !step.stale) ready.add(event.instance);
    if (event.type === 'launched' && nextOf(before)?.spec.ready === null) ready.add(event.instance);
    const served = currentOf(before);
    if (served === null || !after.retiring.some(({ instance }) => instance.id === served.id)) return null;
    if (askToStop.includes(event.type) || stopsToStartAlone(after)) return null;
    if (event.type === 'leaderExited' && event.instance === served.id) return null;
    const successor = currentOf(after);
    if (successor === null) return `#${served.id} was told to stop and nothing succeeds it`;
    return ready.has(successor.id) ? null : `#${successor.id} was not ready`;
  },
);

export const theNextIsPromotedAsSoonAsItIsReady = eachStep(
  () => null,
  ({ after: { phase } }) =>
    phase.name === 'rotating' &&
    phase.current === null &&
    ['overlap', 'before-stop', 'routing-back'].includes(phase.attempt.step.name)
      ? 'nothing serves, and a ready one waits'
      : null,
);

export const aFailedRotationLeavesWhatServes = eachStep(
  () => null,
  (step) => {
    const { event, before, after } = step;
    const served = currentOf(before);
    if (served === null || !reports(step, 'rotation-failed') || askToStop.includes(event.type)) return null;
    if ((event.type === 'exited' || event.type === 'leaderExited') && event.instance === served.id)
      return null;
    if (currentOf(after)?.id === served.id) return null;
    // A kept rotation of a service without parameters stops it right away, as was asked.
    return stopsToStartAlone(after) ? null : `#${served.id} no longer serves`;
  },
);

/** A service without parameters has no second place: it is stopped, then started. */
function stopsToStartAlone({ phase }: State): boolean {
  return phase.name === 'stopping' && phase.then !== null && phase.then.spec.onRotate.type !== 'alternate';
}

interface FailedBefore {
  parameter: Parameter | undefined;
  spec: string;
}

export const theNextRotationTriesTheSameParameter = eachStep(
  (trace): FailedBefore => ({ parameter: undefined, spec: processPart(trace.first.spec) }),
  (step, failed) => {
    const wanted = processPart(wantedSpec(step.after).spec);
    if (wanted !== failed.spec) {
      failed.spec = wanted;
      failed.parameter = undefined;
    }
    let fault: string | null = null;
    for (const { occurrence } of effectsOf(step, 'report')) {
      if (occurrence.type === 'rotation-started') {
        if (failed.parameter !== undefined && occurrence.to !== failed.parameter)
          fault = `${failed.parameter ?? '-'} failed, but ${occurrence.to ?? '-'} is tried`;
      } else if (occurrence.type === 'rotation-failed') {
        // One that was begun before the list changed says nothing about the new list.
        const attempt = attemptOf(step.before);
        if (attempt === null || processPart(attempt.spec) === failed.spec) failed.parameter = occurrence.to;
      }
      if (occurrence.type === 'rotation-completed' || occurrence.type === 'service-running')
        failed.parameter = undefined;
    }
    return fault;
  },
);

export function reports(step: TraceStep, type: string): boolean {
  return effectsOf(step, 'report').some(({ occurrence }) => occurrence.type === type);
}

interface Asked {
  readonly step: number;
  readonly type: EventType;
  /** What was under way when it came; it may not be answered with that. */
  readonly joined: boolean;
  answer: Answer | null;
}

export const eachRequestIsAnsweredOnce: Rule = (trace) => {
  const asked = new Map<Id, Asked>();
  for (const [index, step] of trace.steps.entries()) {
    const { event, after } = step;
    if ('request' in event) {
      const joined = attemptOf(after)?.requests.includes(event.request) ?? false;
      asked.set(event.request, { step: index, type: event.type, joined, answer: null });
    }
    for (const { request, answer } of effectsOf(step, 'answer')) {
      const one = asked.get(request);
      if (one === undefined) return { step: index, fault: `nobody asked r${request}` };
      if (one.answer !== null) return { step: index, fault: `r${request} is answered twice` };
      one.answer = answer;
    }
    if (trace.rests.includes(index + 1)) {
      const forgotten = [...asked].find(([, { answer }]) => answer === null);
      if (forgotten !== undefined) return { step: index, fault: `r${forgotten[0]} is never answered` };
    }
  }
  return null;
};

/** Kept rotations: which were asked for, and since which attempt. */
export const oneMoreRotationFollowsAKeptRequest = eachStep(
  () => new Set<Id>(),
  (step, kept) => {
    const { event, before, after } = step;
    if (event.type === 'rotationRequested' && reports(step, 'rotation-kept')) {
      kept.add(event.request);
      if (!after.pending.includes(event.request)) return `r${event.request} is not kept`;
    }
    for (const { request, answer } of effectsOf(step, 'answer')) {
      if (!kept.delete(request)) continue;
      // Refused only where a stop was asked for, where it stopped, or where it may be refused at all.
      const begun = attemptOf(before)?.requests.includes(request) === true;
      const signalled = reports(step, 'signal-sent');
      const stopping =
        before.phase.name === 'stopping' && before.phase.then?.requests.includes(request) === true;
      if (answer.type === 'rotated' && !begun && !signalled && !stopping)
        return `r${request} is answered with a rotation that is not its own`;
      const wanted = wantedSpec(before).spec;
      const mayRefuse =
        event.type === 'stopRequested' ||
        after.phase.name === 'stopped' ||
        [before.spec, wanted].some(
          ({ rotation, parameters }) => rotation.parameterInUse === 'refuse' || parameters.length === 1,
        );
      if (answer.type === 'refused' && !mayRefuse)
        return `r${request} was kept, then refused: ${answer.reason}`;
    }
    return null;
  },
);
