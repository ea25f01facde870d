/** Rules about what an instance is told, and what must have been so before it serves. */
import { attemptOf, currentOf, nextOf } from '../../src/rotator/instances.ts';
import type { HookRun, Id } from '../../src/rotator/machine.ts';
import { eachStep, effectsOf, reports } from './rules.ts';
import type { TraceStep } from './world.ts';

export const signalsReachOnlyWhatLives = eachStep(
  () => new Set<Id>(),
  (step, running) => {
    const { input, effects } = step;
    if (input.type === 'launched' && !step.stale) running.add(input.instance);
    for (const { instance } of effectsOf(step, 'adopt')) running.add(instance);
    if (input.type === 'exited' && !step.stale) running.delete(input.instance);
    const lost = effectsOf(step, 'signal').find(({ instance }) => !running.has(instance));
    if (lost !== undefined) return `#${lost.instance} gets ${lost.signal} and does not run`;
    // The signal by which the machine asks for an end in these specs; KILL needs no CONT.
    const stops = effects.findIndex(
      (effect, index) =>
        effect.type === 'signal' &&
        ['SIGTERM', 'SIGQUIT'].includes(effect.signal) &&
        !isContinue(effects[index + 1], effect.instance),
    );
    return stops === -1 ? null : 'no SIGCONT after the stop signal';
  },
);

function isContinue(effect: TraceStep['effects'][number] | undefined, instance: Id): boolean {
  return effect?.type === 'signal' && effect.instance === instance && effect.signal === 'SIGCONT';
}

/** At once, or the moment a launch that was given up succeeds all the same. */
export const aKillReachesAllThatIsOnItsWayOut = eachStep(
  () => new Set<Id>(),
  (step, doomed) => {
    const { input, before } = step;
    const killed = effectsOf(step, 'signal').filter(({ signal }) => signal === 'SIGKILL');
    if (input.type === 'killRequested')
      for (const { instance } of before.retiring) {
        if (instance.pid === null) doomed.add(instance.id);
        else if (!killed.some((signal) => signal.instance === instance.id))
          return `#${instance.id} is not killed`;
      }
    if (input.type !== 'launched' || step.stale || !doomed.delete(input.instance)) return null;
    return killed.some(({ instance }) => instance === input.instance)
      ? null
      : `#${input.instance} escapes the KILL`;
  },
);

export const nobodyIsToldToStopTwice = eachStep(
  () => new Set<Id>(),
  (step, told) => {
    for (const { instance, signal } of effectsOf(step, 'signal')) {
      if (signal !== 'SIGCONT') continue;
      if (told.has(instance)) return `#${instance} is told to stop twice`;
      told.add(instance);
    }
    return null;
  },
);

/** Gathers what was ready, and whose hook `afterReady` (by pid) has succeeded. */
export const whatServesWasReady = eachStep(
  () => ({
    ready: new Set<Id>(),
    hooks: new Map<Id, HookRun>(),
    toAnnounce: new Set<Id>(),
    announced: new Set<number | null>(),
  }),
  (step, { ready, hooks, toAnnounce, announced }) => {
    const { input, before, after } = step;
    const becameReady =
      input.type === 'becameReady' || (input.type === 'launched' && nextOf(before)?.spec.ready === null);
    if (becameReady && !step.stale) {
      ready.add(input.instance);
      // A hook that a reload brings later does not concern it any more.
      if (attemptOf(before)?.spec.hooks.afterReady !== undefined) toAnnounce.add(input.instance);
    }
    for (const { hook, run } of effectsOf(step, 'runHook')) hooks.set(hook, run);
    if (input.type === 'hookFinished' && !step.stale && input.failure === null) {
      const run = hooks.get(input.hook);
      if (run?.name === 'afterReady') announced.add(run.pid);
    }
    const current = currentOf(after);
    if (current === null) return null;
    // The manager before this one had seen to it.
    if (input.type === 'orphanFound') {
      ready.add(current.id);
      announced.add(current.pid);
    }
    if (!ready.has(current.id)) return `#${current.id} serves and was not ready`;
    const unannounced = toAnnounce.has(current.id) && !announced.has(current.pid);
    return unannounced ? `#${current.id} serves before its afterReady` : null;
  },
);

export const hooksComeFirst = eachStep(
  () => new Map<Id, HookRun>(),
  (step, hooks) => {
    const { input, before, after } = step;
    const run = input.type === 'hookFinished' ? hooks.get(input.hook) : undefined;
    for (const effect of effectsOf(step, 'runHook')) hooks.set(effect.hook, effect.run);
    const [launch] = effectsOf(step, 'launch');
    if (launch?.spec.hooks.beforeStart !== undefined) {
      const succeeded =
        input.type === 'hookFinished' && input.failure === null && run?.name === 'beforeStart';
      if (!succeeded) return 'a launch before its beforeStart';
    }
    // What dies by itself, and what somebody wants stopped, does not wait for a hook.
    const served = currentOf(before);
    const retired = served !== null && after.retiring.some(({ instance }) => instance.id === served.id);
    if (!retired || before.phase.name !== 'rotating' || !reports(step, 'rotation-completed')) return null;
    const itself = input.type === 'leaderExited' && input.instance === served.id;
    const wanted = before.phase.attempt.spec.hooks.beforeStop !== undefined;
    return wanted && !itself && run?.name !== 'beforeStop'
      ? `#${served.id} is stopped before its beforeStop`
      : null;
  },
);
