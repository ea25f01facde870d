/**
 * What must hold after any sequence of inputs. A rule reads a whole trace and says what is wrong with it, or null.
 * It takes what happened from the inputs and the effects, so that it does not have to believe the state.
 */
import type { Parameter } from '../../src/config/types.ts';
import { attemptOf, currentOf, liveInstances, nextOf } from '../../src/rotator/instances.ts';
import { wantedSpec } from '../../src/rotator/intents.ts';
import type { Answer, Effect, InputType, Id, State } from '../../src/rotator/machine.ts';
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

/** Process groups that live after a step, with their parameters, as inputs and effects tell. */
export function followLives(lives: Map<Id, Parameter>, step: TraceStep): void {
  const { input } = step;
  if (!step.stale && (input.type === 'exited' || input.type === 'launchFailed')) lives.delete(input.instance);
  for (const { instance, parameter } of effectsOf(step, 'launch')) lives.set(instance, parameter);
  if (input.type === 'orphanFound')
    for (const { instance } of effectsOf(step, 'adopt')) lives.set(instance, input.parameter);
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
const askToStop: readonly InputType[] = ['stopRequested', 'restartRequested'];

export const whatServesIsStoppedOnlyForASuccessor = eachStep(
  () => new Set<Id>(),
  (step, ready) => {
    const { input, before, after } = step;
    if (input.type === 'becameReady' && !step.stale) ready.add(input.instance);
    if (input.type === 'launched' && nextOf(before)?.spec.ready === null) ready.add(input.instance);
    const served = currentOf(before);
    if (served === null || !after.retiring.some(({ instance }) => instance.id === served.id)) return null;
    if (askToStop.includes(input.type) || stopsToStartAlone(after)) return null;
    if (input.type === 'leaderExited' && input.instance === served.id) return null;
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
    const { input, before, after } = step;
    const served = currentOf(before);
    if (served === null || !reports(step, 'rotation-failed') || askToStop.includes(input.type)) return null;
    if ((input.type === 'exited' || input.type === 'leaderExited') && input.instance === served.id)
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
    for (const { report } of effectsOf(step, 'report')) {
      if (report.type === 'rotation-started') {
        if (failed.parameter !== undefined && report.to !== failed.parameter)
          fault = `${failed.parameter ?? '-'} failed, but ${report.to ?? '-'} is tried`;
      } else if (report.type === 'rotation-failed') {
        // One that was begun before the list changed says nothing about the new list.
        const attempt = attemptOf(step.before);
        if (attempt === null || processPart(attempt.spec) === failed.spec) failed.parameter = report.to;
      }
      if (report.type === 'rotation-completed' || report.type === 'service-running')
        failed.parameter = undefined;
    }
    return fault;
  },
);

export function reports(step: TraceStep, type: string): boolean {
  return effectsOf(step, 'report').some(({ report }) => report.type === type);
}

interface Asked {
  readonly step: number;
  readonly type: InputType;
  /** What was under way when it came; it may not be answered with that. */
  readonly joined: boolean;
  answer: Answer | null;
}

export const eachRequestIsAnsweredOnce: Rule = (trace) => {
  const asked = new Map<Id, Asked>();
  for (const [index, step] of trace.steps.entries()) {
    const { input, after } = step;
    if ('request' in input) {
      const joined = attemptOf(after)?.requests.includes(input.request) ?? false;
      asked.set(input.request, { step: index, type: input.type, joined, answer: null });
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
    const { input, before, after } = step;
    if (input.type === 'rotationRequested' && reports(step, 'rotation-kept')) {
      kept.add(input.request);
      if (!after.pending.includes(input.request)) return `r${input.request} is not kept`;
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
        input.type === 'stopRequested' ||
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
