/**
 * Generates docs/state-machine.md: the picture in src/rotator/machine.ts, and what the machine itself does with each
 * input in a representative state of each phase. With --check it writes nothing, and exits 1 when the file has drifted.
 * A phase, step or input that machine.ts gets and this file does not is an error of types here.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import prettier from 'prettier';
import type { ServiceConfig } from '../src/config/types.ts';
import { initialState, transition } from '../src/rotator/transition.ts';
import type {
  Attempt,
  Input,
  InputType,
  Exit,
  Id,
  Instance,
  PhaseName,
  State,
  Step,
  Transition,
} from '../src/rotator/machine.ts';

const root = new URL('..', import.meta.url);
const target = new URL('docs/state-machine.md', root);

const service: ServiceConfig = {
  name: 'api',
  command: ['./server'],
  parameters: ['3000', '3001'],
  overlapMs: 10_000,
  onRotate: { type: 'alternate' },
  rotation: { whileRotating: 'fold', parameterInUse: 'wait' },
  watch: [],
  baseDir: '/srv',
  cwd: '/srv',
  env: {},
  envFile: null,
  credentials: { uid: null, gid: null, known: false, env: {} },
  ready: { type: 'tcp', address: '127.0.0.1:%alt', intervalMs: 200, timeoutMs: 30_000 },
  address: null,
  route: { type: 'files', folder: '/run/api' },
  listen: [],
  stop: { signal: 'SIGTERM', timeoutMs: 30_000 },
  restart: { policy: 'always', delayMs: 250, maxDelayMs: 30_000, maxAttempts: 1, resetAfterMs: 60_000 },
  output: { type: 'ignore' },
  hooks: { beforeStart: ['./hook'], afterReady: ['./hook'], beforeStop: ['./hook'] },
};

/** An input that has no time yet. */
type Happening = Input extends infer Each ? (Each extends Input ? Omit<Each, 'at'> : never) : never;

/** Builds an input about something in the state; null where the state has no such thing. */
type InputOf = (state: State) => Happening | null;

const exit: Exit = { code: 1 };

function attemptOf({ phase }: State): Attempt | null {
  return phase.name === 'starting' || phase.name === 'rotating' ? phase.attempt : null;
}

/** The instance that is brought up. */
function nextOf(state: State): Instance | null {
  const step = attemptOf(state)?.step;
  return step !== undefined && 'instance' in step ? step.instance : null;
}

function idIn(state: State, key: 'timer' | 'hook' | 'route'): Id | null {
  const holder: object = attemptOf(state)?.step ?? state.phase;
  return (holder as Partial<Record<typeof key, Id>>)[key] ?? null;
}

type Find = (state: State) => Id | null | undefined;

const about =
  (find: Find, input: (id: Id) => Happening): InputOf =>
  (state) => {
    const id = find(state);
    return id === undefined || id === null ? null : input(id);
  };
const unlaunched: Find = (state) => (nextOf(state)?.pid === null ? nextOf(state)?.id : null);
const launchedNext: Find = (state) => (nextOf(state)?.pid === null ? null : nextOf(state)?.id);
const current: Find = ({ phase }) =>
  phase.name === 'running' || phase.name === 'rotating' ? phase.current?.id : null;
const retiring: Find = (state) => state.retiring[0]?.instance.id;
const killTimer: Find = (state) => state.retiring[0]?.killTimer;
const ownTimer: Find = (state) => idIn(state, 'timer');

const request = 9;
const rotate: InputOf = () => ({ type: 'rotationRequested', request });
const start: InputOf = () => ({ type: 'startRequested', request });
const stop: InputOf = () => ({ type: 'stopRequested', request });
const restart: InputOf = () => ({ type: 'restartRequested', request });
const launched = about(unlaunched, (instance) => ({ type: 'launched', instance, pid: 100 }));
const launchFailed = about(unlaunched, (instance) => ({
  type: 'launchFailed',
  instance,
  reason: 'no such file',
}));
const ready = about(launchedNext, (instance) => ({ type: 'becameReady', instance }));
const timer = about(ownTimer, (id) => ({ type: 'timerFired', timer: id }));
const exited = (find: Find) => about(find, (instance) => ({ type: 'exited', instance, exit }));
const leaderExited = (find: Find) => about(find, (instance) => ({ type: 'leaderExited', instance, exit }));
const hookDone = (failure: string | null = null) =>
  about(
    (state) => idIn(state, 'hook'),
    (hook) => ({ type: 'hookFinished', hook, failure }),
  );
const routeDone = (failure: string | null = null) =>
  about(
    (state) => idIn(state, 'route'),
    (route) => ({ type: 'routed', route, failure }),
  );

/** Which of the three tables a column is in, and what its title adds to the input's name. */
interface Column {
  readonly table: 'requests' | 'next' | 'others';
  readonly detail?: string;
  readonly inputOf: InputOf;
}

const columns = {
  rotationRequested: [{ table: 'requests', inputOf: rotate }],
  startRequested: [{ table: 'requests', inputOf: start }],
  stopRequested: [{ table: 'requests', inputOf: stop }],
  restartRequested: [{ table: 'requests', inputOf: restart }],
  specChanged: [
    {
      table: 'requests',
      inputOf: () => ({ type: 'specChanged', request, spec: { ...service, parameters: ['4000', '4001'] } }),
    },
  ],
  settingsChanged: [
    {
      table: 'requests',
      inputOf: () => {
        const { stop, restart, watch, hooks, onRotate } = service;
        const settings = { overlapMs: 5_000, stop, restart, watch, hooks, onRotate };
        return { type: 'settingsChanged', request, settings };
      },
    },
  ],
  signalRequested: [
    { table: 'requests', inputOf: () => ({ type: 'signalRequested', request, signal: 'SIGHUP' }) },
  ],
  killRequested: [{ table: 'requests', inputOf: () => ({ type: 'killRequested' }) }],
  orphanFound: [
    {
      table: 'requests',
      inputOf: () => ({
        type: 'orphanFound',
        pid: 99,
        parameter: '3001',
        serves: true,
        route: service.route,
      }),
    },
  ],
  launched: [{ table: 'next', inputOf: launched }],
  launchFailed: [{ table: 'next', inputOf: launchFailed }],
  becameReady: [{ table: 'next', inputOf: ready }],
  readinessTimedOut: [
    {
      table: 'next',
      inputOf: about(launchedNext, (instance) => ({
        type: 'readinessTimedOut',
        instance,
        reason: 'not ready within 30s',
      })),
    },
  ],
  leaderExited: [
    { table: 'next', detail: 'next', inputOf: leaderExited(launchedNext) },
    { table: 'others', detail: 'current', inputOf: leaderExited(current) },
    { table: 'others', detail: 'retiring', inputOf: leaderExited(retiring) },
  ],
  exited: [
    { table: 'next', detail: 'next', inputOf: exited(launchedNext) },
    { table: 'others', detail: 'current', inputOf: exited(current) },
    { table: 'others', detail: 'retiring', inputOf: exited(retiring) },
  ],
  hookFinished: [
    { table: 'next', inputOf: hookDone() },
    { table: 'next', detail: 'failed', inputOf: hookDone('exit code 1') },
  ],
  routed: [
    { table: 'next', inputOf: routeDone() },
    { table: 'next', detail: 'failed', inputOf: routeDone('HAProxy does not answer') },
  ],
  timerFired: [
    { table: 'others', detail: 'its own', inputOf: timer },
    {
      table: 'others',
      detail: 'KILL',
      inputOf: about(killTimer, (id) => ({ type: 'timerFired', timer: id })),
    },
  ],
} satisfies Record<InputType, Column[]>;

/** What happens, from the beginning, until a service is in a state. */
type Journey = readonly InputOf[];

const untilRunning: Journey = [start, hookDone(), launched, ready, hookDone(), routeDone()];
const untilOverlap: Journey = [...untilRunning, rotate, hookDone(), launched, ready, hookDone(), routeDone()];
const untilRotated: Journey = [...untilOverlap, timer, hookDone()];

/** How a step of an attempt is reached; null: it is no step of that. */
interface Reached {
  readonly starting: Journey | null;
  readonly rotating: Journey | null;
}

const steps = {
  'awaiting-parameter': {
    starting: [...untilRunning, leaderExited(current), timer],
    rotating: [...untilRotated, rotate],
  },
  'before-start': { starting: [start], rotating: untilOverlap.slice(0, 7) },
  launching: { starting: untilRunning.slice(0, 2), rotating: untilOverlap.slice(0, 8) },
  probing: { starting: untilRunning.slice(0, 3), rotating: untilOverlap.slice(0, 9) },
  'after-ready': { starting: untilRunning.slice(0, 4), rotating: untilOverlap.slice(0, 10) },
  routing: { starting: untilRunning.slice(0, 5), rotating: untilOverlap.slice(0, 11) },
  overlap: { starting: null, rotating: untilOverlap },
  'before-stop': { starting: null, rotating: [...untilOverlap, timer] },
  'routing-back': { starting: null, rotating: [...untilOverlap, exited(launchedNext)] },
} satisfies Record<Step['name'], Reached>;

/** How each phase is reached, each step of its attempt included. */
const journeys = {
  stopped: [[]],
  starting: Object.values(steps).flatMap(({ starting }) => (starting === null ? [] : [starting])),
  running: [untilRunning, untilRotated],
  rotating: Object.values(steps).map(({ rotating }) => rotating),
  backoff: [[...untilRunning, exited(current)]],
  stopping: [
    [...untilRunning, stop],
    [...untilRunning, restart],
  ],
  failed: [[start, hookDone(), launchFailed, timer, hookDone(), launchFailed]],
} satisfies Record<PhaseName, readonly Journey[]>;

function happens(state: State, happening: Happening, at: number): Transition {
  return transition(state, { ...happening, at });
}

/** The state at the end of a journey; throws where that is not the phase, or the step, that it is to lead to. */
function arrive(journey: Journey, phase: string, step?: string): State {
  let state = initialState(service);
  for (const [index, inputOf] of journey.entries()) {
    const input = inputOf(state);
    if (input === null) throw new Error(`to ${phase}: nothing that input ${index + 1} could be about`);
    state = happens(state, input, 0).state;
  }
  const found = [state.phase.name, attemptOf(state)?.step.name].join(' ');
  if (found !== [phase, step ?? attemptOf(state)?.step.name].join(' '))
    throw new Error(`a journey to ${phase} ${step ?? ''} ends in ${found}`);
  return state;
}

function titleOf({ phase, retiring: leaving }: State): string {
  const then = phase.name === 'stopping' && phase.then !== null ? `then ${phase.then.purpose}` : undefined;
  const step = phase.name === 'starting' || phase.name === 'rotating' ? phase.attempt.step.name : undefined;
  const old = phase.name === 'running' && leaving.length > 0 ? 'the old one retiring' : undefined;
  const detail = step ?? then ?? old;
  return detail === undefined ? phase.name : `${phase.name} (${detail})`;
}

function cellOf(
  state: State,
  { type, inputOf }: { readonly type: string; readonly inputOf: InputOf },
): string {
  const input = inputOf(state);
  if (input === null) return '';
  if (input.type !== type) throw new Error(`the column of ${type} builds ${input.type}`);
  const after = happens(state, input, 1);
  const kinds = new Set(after.effects.map(({ type }) => type).filter((type) => type !== 'report'));
  const title = titleOf(after.state);
  const words = [...(title === titleOf(state) ? [] : [`**${title}**`]), ...kinds];
  if (words.length > 0) return words.join(' ');
  if (after.state.pending.length > state.pending.length) return 'kept';
  return isDeepStrictEqual(after.state, state) ? '·' : 'noted';
}

function tableOf(table: Column['table'], states: readonly State[]): string {
  const shown = Object.entries<readonly Column[]>(columns).flatMap(([type, all]) =>
    all
      .filter((column) => column.table === table)
      .map(({ detail, inputOf }) => ({
        title: detail === undefined ? type : `${type} (${detail})`,
        type,
        inputOf,
      })),
  );
  const rows = states
    .map((state) => [titleOf(state), ...shown.map((column) => cellOf(state, column))])
    .filter(([, ...cells]) => cells.some((cell) => cell !== ''));
  const lines = [['', ...shown.map(({ title }) => title)], ['---', ...shown.map(() => '---')], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The picture at the head of machine.ts. */
async function picture(): Promise<string> {
  const source = await readFile(new URL('src/rotator/machine.ts', root), 'utf8');
  const [, drawn] = /```\n([^]*?)```/.exec(source) ?? [];
  if (drawn === undefined) throw new Error('machine.ts has no picture');
  return drawn.replace(/^ \* ?/gm, '');
}

async function document(): Promise<string> {
  const states = Object.entries<readonly Journey[]>(journeys).flatMap(([phase, all]) =>
    all.map((journey) => arrive(journey, phase)),
  );
  for (const [step, { starting, rotating }] of Object.entries<Reached>(steps)) {
    if (starting !== null) arrive(starting, 'starting', step);
    if (rotating !== null) arrive(rotating, 'rotating', step);
  }
  const text = `# The state machine of one service

Generated by \`npm run generate\` from \`src/rotator\`. Do not edit this page.

\`\`\`
${await picture()}\`\`\`

Each row is a state of a service with two parameters, a readiness check, a route, and the hooks beforeStart, afterReady and
beforeStop. Each column is an input. A cell contains the next phase in bold, if it is another one, and then the kinds of effects
(reports are left out). \`kept\` and \`noted\`: only the data in the state changes. A dot: nothing changes. An empty cell: the
input cannot occur in this state.

## Requests

${tableOf('requests', states)}

## Inputs about the next instance

${tableOf('next', states)}

## Inputs about the other instances

${tableOf('others', states)}
`;
  return prettier.format(text, {
    ...(await prettier.resolveConfig(fileURLToPath(target))),
    parser: 'markdown',
  });
}

const text = await document();
if (!argv.includes('--check')) {
  await writeFile(target, text);
} else if ((await readFile(target, 'utf8').catch(() => null)) !== text) {
  console.error('docs/state-machine.md does not follow from src/rotator: run `npm run generate`');
  process.exitCode = 1;
}
