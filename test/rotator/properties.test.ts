/**
 * Random stories, told a few thousand times each: `PROPERTY_RUNS=100000 npx vitest run test/rotator/properties.test.ts`
 * for more. A failure shows the shortest story that breaks the rule, in the words of the scenario files.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attemptOf } from '../../src/rotator/instances.ts';
import { anyStory, live } from './drive.ts';
import { mustHold } from './must-hold.ts';
import * as rules from './rules.ts';
import type { Rule } from './rules.ts';
import * as ends from './rules-of-ends.ts';
import * as instances from './rules-of-instances.ts';
import * as routes from './rules-of-routes.ts';
import type { Trace } from './world.ts';

describe('after any sequence of inputs', () => {
  test.each<[string, Rule]>([
    [
      '1. no two live instances share a parameter, and two at most are not retiring',
      rules.liveInstancesDoNotShareAParameter,
    ],
    [
      '2. an instance that serves is told to stop only for a ready successor or on request',
      rules.whatServesIsStoppedOnlyForASuccessor,
    ],
    ['3. a failed rotation leaves the one that served serving', rules.aFailedRotationLeavesWhatServes],
    ['3. the next rotation tries the same parameter', rules.theNextRotationTriesTheSameParameter],
    ['4. each request gets exactly one answer', rules.eachRequestIsAnsweredOnce],
    ['4. a request during a rotation leads to one more', rules.oneMoreRotationFollowsAKeptRequest],
    ['5. after a stop nothing is launched', ends.nothingIsLaunchedAfterAStop],
    ['5. stopped means that all are gone', ends.stoppedMeansThatAllAreGone],
    ['5. stopped is reached when all have exited', ends.itIsStoppedInTheEnd],
    ['6. no timer outlives its phase, and only running ones are cancelled', ends.noTimerOutlivesItsPhase],
    ['6. the input state is never changed in place', inputIsFrozen],
    ['the state knows exactly the process groups that live', rules.theStateKnowsWhatLives],
    [
      'the next one is promoted as soon as it is ready where nothing serves',
      rules.theNextIsPromotedAsSoonAsItIsReady,
    ],
    ['ids are never used twice', ends.idsAreNeverUsedTwice],
    ['stale inputs change nothing', ends.staleInputsChangeNothing],
    ['signals reach only what lives, and CONT follows a stop signal', instances.signalsReachOnlyWhatLives],
    ['nobody is told to stop twice', instances.nobodyIsToldToStopTwice],
    ['a kill reaches all that is on its way out', instances.aKillReachesAllThatIsOnItsWayOut],
    ['what serves was ready, and its afterReady had succeeded', instances.whatServesWasReady],
    ['beforeStart comes before the launch, beforeStop before TERM', instances.hooksComeFirst],
    ['only what is under way is cancelled', ends.onlyWhatIsUnderWayIsCancelled],
    ['the route is switched before TERM', routes.theRouteIsSwitchedBeforeTerm],
    ['the route is back before a rotation is called failed', routes.theRouteIsBackBeforeTheFailure],
    ['at rest the last word about the route is the right one', routes.theLastWordIsRight],
    ['only what is alive and ready is routed to', routes.onlyWhatIsReadyIsRoutedTo],
    ['restarts back off as configured', ends.restartsBackOff],
    ['a launch takes a parameter of its own specification', ends.aLaunchTakesAParameterOfItsSpec],
    ['a reload that is done has replaced what serves', ends.aReloadReplacesWhatServes],
    ['a crash restarts the configuration that served', ends.aCrashRestartsWhatServed],
    ['settings apply at once and leave processes alone', ends.settingsLeaveProcessesAlone],
    ['the view agrees with the state', ends.theViewAgreesWithTheState],
    ['at rest nothing is under way', ends.atRestNothingIsUnderWay],
  ])('%s', (_name, rule) => {
    mustHold(rule, anyStory());
  });
});

test('the stories reach every phase, step, input and effect', () => {
  const seen = new Set<string>();
  for (const story of fc.sample(anyStory(), { numRuns: 2_000, seed: 1 }))
    for (const { input, after, effects } of live(story).steps) {
      seen.add(input.type).add(`${after.phase.name} ${attemptOf(after)?.step.name ?? ''}`.trim());
      for (const { type } of effects) seen.add(type);
    }
  const steps = ['awaiting-parameter', 'before-start', 'launching', 'probing', 'after-ready', 'routing'];
  const expected = [
    ...['stopped', 'running', 'backoff', 'stopping', 'failed'],
    ...steps.map((step) => `starting ${step}`),
    ...[...steps, 'overlap', 'before-stop', 'routing-back'].map((step) => `rotating ${step}`),
    ...[
      'launchFailed',
      'readinessTimedOut',
      'leaderExited',
      'exited',
      'timerFired',
      'hookFinished',
      'routed',
      'killRequested',
    ],
    ...[
      'cancelLaunch',
      'cancelProbe',
      'cancelTimer',
      'cancelHook',
      'route',
      'withdrawRoute',
      'signal',
      'answer',
      'report',
    ],
  ];
  expect(expected.filter((name) => !seen.has(name))).toEqual([]);
});

/** The world freezes what it passes in: a write throws, and the story fails. */
function inputIsFrozen({ steps }: Trace): ReturnType<Rule> {
  const thawed = steps.findIndex(({ before, input }) => !Object.isFrozen(before) || !Object.isFrozen(input));
  return thawed === -1 ? null : { step: thawed, fault: 'the input was not frozen' };
}
