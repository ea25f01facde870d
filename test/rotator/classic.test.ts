/** The classic form's rules, as far as they are the machine's, after any sequence of inputs. */
import { describe, test } from 'vitest';
import { currentOf, nextOf, nextPlace, positionIn, retiringAt } from '../../src/rotator/instances.ts';
import type { Id } from '../../src/rotator/machine.ts';
import { anyStory, type Deed } from './drive.ts';
import { mustHold } from './must-hold.ts';
import { eachStep, effectsOf, reports, type Rule } from './rules.ts';
import { anyClassicSpec } from './specs.ts';

/** Only signals reach it: USR1 rotates, TERM stops, a second TERM kills. */
const notAsked: readonly Deed[] = ['start', 'restart', 'signal', 'changeSpec'];

const onlyARequestLaunches = eachStep(
  () => ({ asked: 0, launched: 0 }),
  (step, count) => {
    const { input } = step;
    if (input.type === 'startRequested') count.asked += 1;
    if (input.type === 'rotationRequested' && !reports(step, 'rotation-refused')) count.asked += 1;
    count.launched += effectsOf(step, 'launch').length;
    if (reports(step, 'restart-delayed') || step.after.phase.name === 'backoff') return 'it restarts';
    return count.launched > count.asked ? `${count.launched} launches for ${count.asked} requests` : null;
  },
);

const theNextParameterFollows = eachStep(
  () => null,
  (step) => {
    const [launch] = effectsOf(step, 'launch');
    if (launch === undefined) return null;
    const { parameters } = launch.spec;
    const { last } = step.before;
    const position = last === null ? 0 : (last.position + 1) % parameters.length;
    return launch.parameter === parameters[position] && nextOf(step.after)?.position === position
      ? null
      : `${launch.parameter ?? '-'} follows ${last?.parameter ?? 'nothing'}`;
  },
);

const theOldOneIsToldAfterTheOverlap = eachStep(
  () => new Map<Id, number>(),
  (step, ready) => {
    const { input, before, after } = step;
    if (input.type === 'launched' && !step.stale) ready.set(input.instance, input.at);
    const served = currentOf(before);
    const successor = currentOf(after);
    const told = effectsOf(step, 'signal').some(
      ({ instance, signal }) => instance === served?.id && signal === 'SIGTERM',
    );
    if (!told || input.type === 'stopRequested' || input.type === 'leaderExited') return null;
    if (successor === null || successor.id === served?.id) return 'nobody succeeds it';
    const overlapped = input.at - (ready.get(successor.id) ?? input.at);
    return overlapped >= after.spec.overlapMs ? null : `after ${overlapped} ms of ${after.spec.overlapMs}`;
  },
);

const aRequestMeanwhileIsRefused = eachStep(
  () => null,
  (step) => {
    const { input, before, after } = step;
    if (after.pending.length > 0) return 'a rotation is kept';
    if (input.type !== 'rotationRequested') return null;
    const { phase, spec } = before;
    const place = nextPlace(spec.parameters, before.last);
    const current = currentOf(before);
    const stillRuns =
      (current !== null && positionIn(spec.parameters, current) === place.position) ||
      retiringAt(before, spec.parameters, place) !== undefined;
    const busy = phase.name !== 'running' && phase.name !== 'failed';
    return reports(step, 'rotation-refused') === (stillRuns || busy) ? null : `it is ${phase.name}`;
  },
);

const whatCannotBeStartedLeavesTheCurrentAlone = eachStep(
  () => null,
  (step) => {
    const { input, before, after } = step;
    if (step.stale || input.type !== 'launchFailed') return null;
    const served = currentOf(before);
    if (served !== null) return currentOf(after)?.id === served.id ? null : 'the current one is gone';
    return after.phase.name === 'failed' || before.phase.name === 'stopping'
      ? null
      : `it is ${after.phase.name}`;
  },
);

const aStopReachesAll = eachStep(
  () => null,
  (step) => {
    if (step.input.type !== 'stopRequested') return null;
    const told = effectsOf(step, 'signal').filter(({ signal }) => signal === 'SIGTERM').length;
    const { after, before } = step;
    const launched = after.retiring.filter(({ instance }) => instance.pid !== null).length;
    const toldBefore = before.retiring.filter(({ instance }) => instance.pid !== null).length;
    return told + toldBefore === launched ? null : `${told} of ${launched - toldBefore} are told to stop`;
  },
);

const nobodyIsKilledUnasked = eachStep(
  () => ({ asked: false }),
  (step, memory) => {
    if (step.input.type === 'killRequested') memory.asked = true;
    const killed = effectsOf(step, 'signal').some(({ signal }) => signal === 'SIGKILL');
    if (killed && !memory.asked) return 'KILL';
    return effectsOf(step, 'startTimer').every(({ ms }) => ms === step.after.spec.overlapMs)
      ? null
      : 'a timer other than the overlap';
  },
);

describe('the classic form, after any sequence of inputs', () => {
  test.each<[string, Rule]>([
    [
      '1. the first parameter is launched first, then the one after the last that served',
      theNextParameterFollows,
    ],
    [
      '2. the previous command gets TERM after the overlap, while the new one runs',
      theOldOneIsToldAfterTheOverlap,
    ],
    [
      '3. a request during an overlap, or for a command that still runs, is refused',
      aRequestMeanwhileIsRefused,
    ],
    [
      '4. a command that cannot be started leaves the current one alone',
      whatCannotBeStartedLeavesTheCurrentAlone,
    ],
    ['5. a stop is passed on to all as TERM', aStopReachesAll],
    ['7. no crashed command is restarted', onlyARequestLaunches],
    ['7. no KILL follows TERM', nobodyIsKilledUnasked],
  ])('%s', (_name, rule) => {
    mustHold(rule, anyStory(anyClassicSpec, notAsked));
  });
});
