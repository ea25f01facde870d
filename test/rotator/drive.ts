/** What may happen in a world: chosen at random, then brought to rest. */
import fc from 'fast-check';
import type { Parameter, ServiceConfig } from '../../src/config/types.ts';
import { wantedSpec } from '../../src/rotator/intents.ts';
import type { Exit, Id } from '../../src/rotator/machine.ts';
import { anySpec, processPart } from './specs.ts';
import { World, type Group, type Trace } from './world.ts';

/** How often each is chosen, of all. */
const chances = {
  /** What a kind world would do next: most stories get somewhere. */
  goesWell: 30,
  rotate: 5,
  start: 2,
  stop: 1,
  restart: 1,
  signal: 1,
  changeSpec: 1,
  changeSettings: 1,
  kill: 1,
  launchSucceeds: 8,
  launchFails: 2,
  becomesReady: 7,
  isNotReady: 2,
  exits: 3,
  leaderExits: 2,
  leaderlessEnds: 3,
  obeys: 5,
  hookSucceeds: 6,
  hookFails: 1,
  routeSucceeds: 6,
  routeFails: 2,
  nextTimer: 5,
  timePasses: 2,
  staleInput: 4,
} as const;
export type Deed = keyof typeof chances;
const deeds = Object.entries(chances).flatMap(([deed, chance]) => Array<Deed>(chance).fill(deed as Deed));

export interface Act {
  readonly deed: Deed;
  /** Which one of those that it could be done to. */
  readonly pick: number;
}

interface Orphan {
  readonly parameter: Parameter;
  readonly serves: boolean;
}

export interface Story {
  /** The first is what the service begins with; the others are what it may be changed to. */
  readonly specs: readonly [ServiceConfig, ...ServiceConfig[]];
  /** What an earlier manager left behind; they are found before anything else happens. */
  readonly orphans: readonly Orphan[];
  readonly acts: readonly Act[];
  /** How the world is when it comes to rest: whether launches and probes succeed, and whether anybody obeys TERM. */
  readonly kind: boolean;
  readonly obedient: boolean;
}

/** Mostly none. */
const anyOrphans: fc.Arbitrary<readonly Orphan[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  fc.uniqueArray(fc.record({ parameter: fc.constantFrom(null, 'a', 'b'), serves: fc.boolean() }), {
    maxLength: 2,
    selector: ({ parameter }) => parameter,
  }),
);

export function anyStory(
  spec: fc.Arbitrary<ServiceConfig> = anySpec,
  without: readonly Deed[] = [],
): fc.Arbitrary<Story> {
  const possible = deeds.filter((deed) => !without.includes(deed));
  const act = fc.record({ deed: fc.constantFrom(...possible), pick: fc.nat({ max: 40 }) });
  return fc.record({
    specs: fc
      .array(spec, { minLength: 1, maxLength: 3 })
      .map((specs) => specs as [ServiceConfig, ...ServiceConfig[]]),
    orphans: anyOrphans,
    acts: fc
      .tuple(fc.boolean(), fc.array(act, { maxLength: 60, size: 'max' }))
      .map(([started, acts]) => (started ? [{ deed: 'start' as const, pick: 0 }, ...acts] : acts)),
    kind: fc.boolean(),
    obedient: fc.boolean(),
  });
}

/** Lives the story through, lets the world come to rest, asks for a stop and lets it rest again. */
export function live(story: Story): Trace {
  const world = new World(story.specs[0]);
  for (const orphan of story.orphans)
    world.happen({ type: 'orphanFound', pid: world.newPid(), route: story.specs[0].route, ...orphan });
  for (const act of story.acts) doings[act.deed](world, act.pick, story.specs);
  comeToRest(world, story);
  world.happen({ type: 'stopRequested', request: world.newRequest() });
  comeToRest(world, story);
  return world.trace;
}

/** Which process groups it could happen to. */
const could = {
  launch: ({ life }: Group): boolean => life === 'launching',
  answerProbe: ({ probed }: Group): boolean => probed,
  exit: ({ life }: Group): boolean => life === 'alive',
  leaveOthers: ({ life, killed }: Group): boolean => life === 'alive' && !killed,
  end: ({ life }: Group): boolean => life === 'leaderless',
  obey: ({ life, told }: Group): boolean => life !== 'gone' && told,
};

type Doing = (world: World, pick: number, specs: Story['specs']) => void;

const doings: Readonly<Record<Deed, Doing>> = {
  goesWell(world) {
    const deed = nextDeed(world, true, true);
    if (deed !== null) doings[deed](world, 0, [world.state.spec]);
  },
  rotate: asks('rotationRequested'),
  start: asks('startRequested'),
  stop: asks('stopRequested'),
  restart: asks('restartRequested'),
  signal(world) {
    world.happen({ type: 'signalRequested', request: world.newRequest(), signal: 'SIGHUP' });
  },
  changeSpec(world, pick, specs) {
    // The manager tells of a change only where there is one.
    const wanted = processPart(wantedSpec(world.state).spec);
    const others = specs.filter((spec) => processPart(spec) !== wanted);
    const spec = chosen(others, pick);
    if (spec !== undefined) world.happen({ type: 'specChanged', request: world.newRequest(), spec });
  },
  changeSettings(world, pick, specs) {
    const alternates = wantedSpec(world.state).spec.onRotate.type === 'alternate';
    const spec = chosen(
      specs.filter(({ onRotate }) => (onRotate.type === 'alternate') === alternates),
      pick,
    );
    if (spec === undefined) return;
    const { overlapMs, stop, restart, watch, hooks, onRotate } = spec;
    const settings = { overlapMs, stop, restart, watch, hooks, onRotate };
    world.happen({ type: 'settingsChanged', request: world.newRequest(), settings });
  },
  kill(world) {
    world.happen({ type: 'killRequested' });
  },
  launchSucceeds: happensTo(could.launch, (world, instance) => {
    world.happen({ type: 'launched', instance, pid: world.newPid() });
  }),
  launchFails: happensTo(could.launch, (world, instance) => {
    world.happen({ type: 'launchFailed', instance, reason: 'no such file' });
  }),
  becomesReady: happensTo(could.answerProbe, (world, instance) => {
    world.happen({ type: 'becameReady', instance });
  }),
  isNotReady: happensTo(could.answerProbe, (world, instance) => {
    world.happen({ type: 'readinessTimedOut', instance, reason: 'not ready within 30s' });
  }),
  exits: happensTo(could.exit, (world, instance, pick) => {
    world.happen({ type: 'exited', instance, exit: exitOf(pick) });
  }),
  leaderExits: happensTo(could.leaveOthers, (world, instance, pick) => {
    world.happen({ type: 'leaderExited', instance, exit: exitOf(pick) });
  }),
  leaderlessEnds: happensTo(could.end, (world, instance, pick) => {
    world.happen({ type: 'exited', instance, exit: exitOf(pick) });
  }),
  obeys: happensTo(could.obey, (world, instance) => {
    world.happen({ type: 'exited', instance, exit: { signal: 'SIGTERM' } });
  }),
  hookSucceeds: hookEnds(null),
  hookFails: hookEnds('exit code 1'),
  routeSucceeds: routeEnds(null),
  routeFails: routeEnds('HAProxy does not answer'),
  nextTimer(world) {
    const due = world.nextTimer();
    if (due !== null) world.passTime(Math.max(0, due.at - world.now));
  },
  timePasses(world, pick) {
    world.passTime(chosen([1, 5_000, 61_000], pick) ?? 0);
  },
  staleInput(world, pick) {
    // The latest first: what has just been cancelled is what comes late.
    const untimed = chosen([...world.stale].reverse(), pick);
    if (untimed !== undefined) world.happen(untimed, true);
  },
};

type Request = 'rotationRequested' | 'startRequested' | 'stopRequested' | 'restartRequested';

function asks(type: Request): Doing {
  return (world) => {
    world.happen({ type, request: world.newRequest() });
  };
}

function happensTo(
  could: (group: Group) => boolean,
  happen: (world: World, id: Id, pick: number) => void,
): Doing {
  return (world, pick) => {
    const group = chosen(world.groupsThat(could), pick);
    if (group !== undefined) happen(world, group.id, pick);
  };
}

function hookEnds(failure: string | null): Doing {
  return (world, pick) => {
    const hook = chosen([...world.hooks], pick);
    if (hook !== undefined) world.happen({ type: 'hookFinished', hook, failure });
  };
}

/** Switches come to their end in the order in which they were asked for. */
function routeEnds(failure: string | null): Doing {
  return (world) => {
    const [route] = world.routes;
    if (route !== undefined) world.happen({ type: 'routed', route, failure });
  };
}

function chosen<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % list.length];
}

function exitOf(pick: number): Exit {
  return chosen<Exit>([{ code: 0 }, { code: 1 }, { signal: 'SIGSEGV' }], pick) ?? { code: 0 };
}

/** Everything under way comes to its end, and every timer fires. */
function comeToRest(world: World, { kind, obedient }: Story): void {
  for (let steps = 0; steps < 5_000; steps++) {
    const deed = nextDeed(world, kind, obedient);
    if (deed === null) {
      world.trace.rests.push(world.trace.steps.length);
      return;
    }
    doings[deed](world, 0, [world.state.spec]);
  }
  throw new Error('the world does not come to rest');
}

function nextDeed(world: World, kind: boolean, obedient: boolean): Exclude<Deed, 'goesWell'> | null {
  const some = (holds: (group: Group) => boolean): boolean => world.groupsThat(holds).length > 0;
  if (some(could.launch)) return kind ? 'launchSucceeds' : 'launchFails';
  if (world.hooks.size > 0) return 'hookSucceeds';
  if (world.routes.size > 0) return kind ? 'routeSucceeds' : 'routeFails';
  if (some(could.answerProbe)) return kind ? 'becomesReady' : 'isNotReady';
  const ending = some(could.obey);
  if (ending && (obedient || world.timers.size === 0)) return 'obeys';
  return world.timers.size > 0 ? 'nextTimer' : null;
}
