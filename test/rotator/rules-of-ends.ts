/** Rules about stopping, timers, ids, restarts. */
import type { Parameter } from '../../src/config/types.ts';
import { attemptOf, currentOf, nextOf } from '../../src/rotator/instances.ts';
import type { Id, Instance, State } from '../../src/rotator/machine.ts';
import { viewOf } from '../../src/rotator/view.ts';
import { eachStep, effectsOf, followLives, reports, type Rule } from './rules.ts';
import { processPart } from './specs.ts';
import type { TraceStep } from './world.ts';

export const nothingIsLaunchedAfterAStop = eachStep(
  () => ({ stopped: false }),
  (step, memory) => {
    const { input } = step;
    if (input.type === 'stopRequested') memory.stopped = true;
    if (input.type === 'startRequested' || input.type === 'restartRequested') memory.stopped = false;
    return memory.stopped && effectsOf(step, 'launch').length > 0 ? 'a launch after the stop' : null;
  },
);

/** `stopped` is said, and a stop answered, exactly when everything is gone. */
export const stoppedMeansThatAllAreGone = eachStep(
  () => ({ lives: new Map<Id, Parameter>(), stops: new Set<Id>() }),
  (step, { lives, stops }) => {
    const { input, after } = step;
    if (input.type === 'stopRequested') stops.add(input.request);
    const left = lives.size;
    followLives(lives, step);
    const answered = effectsOf(step, 'answer').some(
      ({ request, answer }) => stops.has(request) && answer.type === 'done',
    );
    if (answered && lives.size > effectsOf(step, 'launch').length)
      return `the stop is answered while ${lives.size} live`;
    if (reports(step, 'service-stopped') && lives.size > effectsOf(step, 'launch').length)
      return `stopped is reported while ${lives.size} live`;
    if (after.phase.name === 'stopped' && lives.size > 0) return `stopped while ${lives.size} live`;
    if (after.phase.name === 'stopping' && lives.size === 0) return 'stopping, though nothing is left';
    return left > 0 && lives.size === 0 && stops.size > 0 && after.phase.name === 'stopping'
      ? 'all are gone, and it is not stopped'
      : null;
  },
);

export const itIsStoppedInTheEnd: Rule = ({ steps }) => {
  const end = steps.at(-1);
  if (end === undefined) return null;
  const { phase } = end.after;
  return phase.name === 'stopped' ? null : { step: steps.length - 1, fault: `it is ${phase.name}` };
};

/** Timers that the state still waits for. */
function timersOf({ phase, retiring }: State): readonly Id[] {
  const attempt = phase.name === 'starting' || phase.name === 'rotating' ? phase.attempt : null;
  return [
    ...retiring.flatMap(({ killTimer }) => killTimer ?? []),
    ...(phase.name === 'backoff' ? [phase.timer] : []),
    ...(attempt?.step.name === 'overlap' ? [attempt.step.timer] : []),
  ];
}

export const noTimerOutlivesItsPhase = eachStep(
  () => new Set<Id>(),
  (step, running) => {
    if (step.input.type === 'timerFired' && !step.stale) running.delete(step.input.timer);
    for (const effect of step.effects) {
      if (effect.type === 'startTimer') running.add(effect.timer);
      if (effect.type === 'startTimer' && !(effect.ms >= 0)) return `a timer of ${effect.ms} ms`;
      if (effect.type === 'cancelTimer' && !running.delete(effect.timer))
        return `#${effect.timer} does not run`;
    }
    const wanted = timersOf(step.after);
    const same = wanted.length === running.size && wanted.every((timer) => running.has(timer));
    return same
      ? null
      : `${[...running].join(', ') || 'none'} run; the state waits for ${wanted.join(', ') || 'none'}`;
  },
);

export const onlyWhatIsUnderWayIsCancelled = eachStep(
  () => ({ launches: new Set<Id>(), probes: new Set<Id>(), hooks: new Set<Id>() }),
  (step, { launches, probes, hooks }) => {
    let fault: string | null = null;
    for (const effect of step.effects) {
      if (effect.type === 'launch') launches.add(effect.instance);
      if (effect.type === 'probe') probes.add(effect.instance);
      if (effect.type === 'runHook') hooks.add(effect.hook);
      if (effect.type === 'cancelLaunch' && !launches.delete(effect.instance)) fault = 'no such launch';
      if (effect.type === 'cancelProbe' && !probes.delete(effect.instance)) fault = 'no such probe';
      if (effect.type === 'cancelHook' && !hooks.delete(effect.hook)) fault = 'no such hook';
    }
    // What ended with this very input may be cancelled once more: the runner has forgotten it already.
    const { input } = step;
    if (input.type === 'launched' || input.type === 'launchFailed') launches.delete(input.instance);
    if (input.type === 'becameReady' || input.type === 'readinessTimedOut') probes.delete(input.instance);
    if (input.type === 'hookFinished') hooks.delete(input.hook);
    return fault;
  },
);

export const idsAreNeverUsedTwice = eachStep(
  () => ({ last: 0 }),
  (step, memory) => {
    for (const effect of step.effects) {
      const id =
        effect.type === 'launch'
          ? effect.instance
          : effect.type === 'startTimer'
            ? effect.timer
            : effect.type === 'runHook'
              ? effect.hook
              : null;
      if (id === null) continue;
      if (id <= memory.last) return `#${id} after #${memory.last}`;
      memory.last = id;
    }
    return null;
  },
);

export const staleInputsChangeNothing = eachStep(
  () => null,
  ({ stale, before, after, effects }) => {
    if (!stale) return null;
    if (effects.length > 0) return 'it has effects';
    return JSON.stringify(before) === JSON.stringify(after) ? null : 'it changes the state';
  },
);

/** Somebody asks for the service: the row of crashes begins anew. */
function endsTheRow(step: TraceStep): boolean {
  const { type } = step.input;
  const { phase } = step.before;
  const down = (phase.name === 'backoff' || phase.name === 'failed') && !reports(step, 'rotation-refused');
  if (type === 'rotationRequested' || type === 'specChanged') return down;
  if (type === 'startRequested') return down || phase.name === 'stopped';
  return type === 'stopRequested' || (type === 'restartRequested' && phase.name !== 'stopping');
}

/** The one that served exits with 0, and the policy lets it stop. */
function endsByItself({ input, before, after }: TraceStep): boolean {
  const exit = input.type === 'exited' || input.type === 'leaderExited';
  return exit && before.phase.name === 'running' && ['stopping', 'stopped'].includes(after.phase.name);
}

/** What served before a step or came to serve in it; one that has just been launched has not run yet. */
function served(step: TraceStep): readonly Instance[] {
  const promoted = reports(step, 'service-running') || reports(step, 'rotation-completed');
  const next = promoted ? nextOf(step.before) : null;
  return [currentOf(step.before), next?.pid === null ? null : next].filter((instance) => instance !== null);
}

/** Rule 6 of a rotation: at once, then after `delay`, doubled up to `maxDelay`, at most `maxAttempts` in a row. */
export const restartsBackOff = eachStep(
  () => ({ row: 0 }),
  (step, memory) => {
    const { input, before, after } = step;
    const { restart } = before.spec;
    for (const { id, launchedAt } of served(step))
      if (id !== currentOf(after)?.id && input.at - launchedAt >= restart.resetAfterMs) memory.row = 0;
    if (endsTheRow(step) || endsByItself(step)) memory.row = 0;
    for (const { report } of effectsOf(step, 'report')) {
      if (report.type === 'service-failed') {
        memory.row += 1;
        if (restart.policy === 'always' && memory.row <= restart.maxAttempts)
          return `failed at crash ${memory.row}`;
      }
      if (report.type !== 'restart-delayed') continue;
      memory.row += 1;
      const doubled = restart.delayMs * Math.pow(2, memory.row - 2);
      const delay = memory.row === 1 ? 0 : Math.min(doubled, restart.maxDelayMs);
      if (report.attempt !== memory.row) return `crash ${report.attempt} instead of ${memory.row}`;
      if (report.delayMs !== delay) return `${report.delayMs} ms instead of ${delay}`;
      if (memory.row > restart.maxAttempts || restart.policy === 'never') return 'it may not restart';
    }
    // A rotation that was kept asks for the service as well as any other, right after it went down.
    const wentDown = reports(step, 'restart-delayed') || reports(step, 'service-failed');
    if (wentDown && reports(step, 'rotation-started')) memory.row = 0;
    return null;
  },
);

export const aLaunchTakesAParameterOfItsSpec = eachStep(
  () => null,
  (step) => {
    const wrong = effectsOf(step, 'launch').find(
      ({ parameter, spec }) => !spec.parameters.includes(parameter),
    );
    return wrong === undefined ? null : `${wrong.parameter ?? '-'} is not in its list`;
  },
);

export const aReloadReplacesWhatServes = eachStep(
  () => new Map<Id, string>(),
  (step, asked) => {
    const { input, after } = step;
    if (input.type === 'specChanged') asked.set(input.request, processPart(input.spec));
    const current = currentOf(after);
    const serving = current === null ? undefined : processPart(current.spec);
    for (const { request, answer } of effectsOf(step, 'answer')) {
      const done =
        answer.type === 'done' || (answer.type === 'rotated' && answer.result.outcome === 'completed');
      if (!asked.has(request) || !done || serving === undefined) continue;
      // A later reload may have overtaken it.
      const wanted = [...asked].filter(([id]) => id >= request).map(([, spec]) => spec);
      if (!wanted.includes(serving)) return `r${request} is done, and the old form serves`;
    }
    return null;
  },
);

/** A crash, or the end of a roll-out that failed, brings back the configuration that served last. */
export const aCrashRestartsWhatServed = eachStep(
  (): { served: string | null } => ({ served: null }),
  (step, memory) => {
    const { input, before, after } = step;
    const [launch] = effectsOf(step, 'launch');
    const restarts = input.type === 'timerFired' && before.phase.name === 'backoff' && launch !== undefined;
    const fault =
      restarts && memory.served !== null && processPart(launch.spec) !== memory.served
        ? 'a configuration that never served is started after a crash'
        : null;
    const current = currentOf(after);
    if (current !== null) memory.served = processPart(current.spec);
    // What is stopped on request is started with the newest configuration.
    if (after.phase.name === 'stopping' || after.phase.name === 'stopped') memory.served = null;
    return fault;
  },
);

/** Settings apply at once: no process is started or stopped for them. */
export const settingsLeaveProcessesAlone = eachStep(
  () => null,
  ({ input, before, after, effects }) => {
    if (input.type !== 'settingsChanged') return null;
    if (effects.some(({ type }) => type !== 'answer')) return 'it has effects';
    const { overlapMs } = input.settings;
    const wrong = [after.spec, currentOf(after)?.spec, nextOf(after)?.spec, attemptOf(after)?.spec].find(
      (spec) => spec !== undefined && spec.overlapMs !== overlapMs,
    );
    if (wrong !== undefined) return 'a setting did not reach all';
    return processPart(before.spec) === processPart(after.spec) ? null : 'it changes more than settings';
  },
);

export const theViewAgreesWithTheState = eachStep(
  () => null,
  ({ after }) => {
    const view = viewOf(after);
    const next = nextOf(after);
    const agrees =
      view.state === after.phase.name &&
      view.current?.pid === currentOf(after)?.pid &&
      view.next?.parameter === next?.parameter &&
      (view.next?.state === 'starting') === (next !== null && isComingUp(after)) &&
      view.retiring.length === after.retiring.length &&
      view.pendingRotation === after.pending.length > 0;
    return agrees ? null : JSON.stringify(view);
  },
);

function isComingUp(state: State): boolean {
  const step = attemptOf(state)?.step.name;
  return step === 'launching' || step === 'probing';
}

/** When all processes have answered and all timers have fired, nothing is under way any more. */
export const atRestNothingIsUnderWay: Rule = ({ steps, rests }) => {
  for (const rest of rests) {
    const state = steps[rest - 1]?.after;
    if (state === undefined) continue;
    const settled = ['stopped', 'running', 'failed'].includes(state.phase.name);
    if (!settled) return { step: rest - 1, fault: `it is ${state.phase.name}` };
    if (state.retiring.length > 0 || state.pending.length > 0)
      return { step: rest - 1, fault: 'somebody still waits' };
    if (timersOf(state).length > 0) return { step: rest - 1, fault: 'a timer is alive' };
  }
  return null;
};
