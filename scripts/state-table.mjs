/**
 * Generates docs/state-machine.md: the picture in src/rotator/machine.ts, and what the machine itself does with each
 * event in a representative state of each phase. With --check it writes nothing, and exits 1 when the file has drifted.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { build } from 'esbuild';
import prettier from 'prettier';

const root = new URL('..', import.meta.url);
const target = new URL('docs/state-machine.md', root);

const service = {
  name: 'api',
  parameters: ['3000', '3001'],
  overlapMs: 10_000,
  onRotate: { type: 'alternate' },
  rotation: { whileRotating: 'fold', parameterInUse: 'wait' },
  ready: { type: 'tcp', address: '127.0.0.1:%alt', intervalMs: 200, timeoutMs: 30_000 },
  stop: { signal: 'SIGTERM', timeoutMs: 30_000 },
  restart: { policy: 'always', delayMs: 250, maxDelayMs: 30_000, maxAttempts: 1, resetAfterMs: 60_000 },
  route: { type: 'files', folder: '/run/api' },
  hooks: { beforeStart: ['./hook'], afterReady: ['./hook'], beforeStop: ['./hook'] },
};

const exit = { code: 1 };
const stepOf = ({ phase }) => phase.attempt?.step ?? {};
const timerOf = (state) => stepOf(state).timer ?? state.phase.timer;

/** Builds an event about something in the state; null where the state has no such thing. */
const about = (find, event) => (state) => {
  const id = find(state);
  return id === undefined || id === null ? null : event(id);
};
const next = (state) => stepOf(state).instance?.id;
const unlaunched = (state) => (stepOf(state).instance?.pid === null ? next(state) : null);
const launchedNext = (state) => (unlaunched(state) === null ? next(state) : null);
const current = ({ phase }) => phase.current?.id;
const retiring = (state) => state.retiring[0]?.instance.id;
const ask =
  (type, more = {}) =>
  () => ({ type, request: 9, ...more });
const hook = (failure) =>
  about(
    (state) => stepOf(state).hook,
    (id) => ({ type: 'hookFinished', hook: id, failure }),
  );
const route = (failure) =>
  about(
    (state) => stepOf(state).route,
    (id) => ({ type: 'routed', route: id, failure }),
  );
const ofInstance = (type, find, more = {}) => about(find, (instance) => ({ type, instance, ...more }));

const rotate = ask('rotationRequested');
const start = ask('startRequested');
const stop = ask('stopRequested');
const restart = ask('restartRequested');
const launched = ofInstance('launched', unlaunched, { pid: 100 });
const launchFailed = ofInstance('launchFailed', unlaunched, { reason: 'no such file' });
const ready = ofInstance('becameReady', launchedNext);
const timer = about(timerOf, (id) => ({ type: 'timerFired', timer: id }));
const currentExited = ofInstance('exited', current, { exit });
const nextExited = ofInstance('exited', launchedNext, { exit });
const currentLeaderExited = ofInstance('leaderExited', current, { exit });
const hookDone = hook(null);
const routeDone = route(null);

const requests = {
  rotationRequested: rotate,
  startRequested: start,
  stopRequested: stop,
  restartRequested: restart,
  specChanged: ask('specChanged', { spec: { ...service, parameters: ['4000', '4001'] } }),
  settingsChanged: ask('settingsChanged', {
    settings: {
      overlapMs: 5_000,
      stop: service.stop,
      restart: service.restart,
      watch: [],
      hooks: service.hooks,
      onRotate: service.onRotate,
    },
  }),
  signalRequested: ask('signalRequested', { signal: 'SIGHUP' }),
  killRequested: ask('killRequested'),
  orphanFound: () => ({
    type: 'orphanFound',
    pid: 99,
    parameter: '3001',
    serves: true,
    route: service.route,
  }),
};
const ofTheNext = {
  launched,
  launchFailed,
  becameReady: ready,
  readinessTimedOut: ofInstance('readinessTimedOut', launchedNext, { reason: 'not ready within 30s' }),
  'leaderExited (next)': ofInstance('leaderExited', launchedNext, { exit }),
  'exited (next)': nextExited,
  hookFinished: hookDone,
  'hookFinished (failed)': hook('exit code 1'),
  routed: routeDone,
  'routed (failed)': route('HAProxy does not answer'),
};
const ofTheOthers = {
  'leaderExited (current)': currentLeaderExited,
  'exited (current)': currentExited,
  'leaderExited (retiring)': ofInstance('leaderExited', retiring, { exit }),
  'exited (retiring)': ofInstance('exited', retiring, { exit }),
  'timerFired (its own)': timer,
  'timerFired (KILL)': about(
    (state) => state.retiring[0]?.killTimer,
    (id) => ({ type: 'timerFired', timer: id }),
  ),
};

const untilRunning = [start, hookDone, launched, ready, hookDone, routeDone];
const untilOverlap = [...untilRunning, rotate, hookDone, launched, ready, hookDone, routeDone];
const untilRotated = [...untilOverlap, timer, hookDone];
const untilLeaderless = [...untilRunning, currentLeaderExited, timer];

/** How each phase, and each step in it, is reached. */
const journeys = [
  [],
  untilLeaderless,
  ...[1, 2, 3, 4, 5].map((length) => untilRunning.slice(0, length)),
  untilRunning,
  untilRotated,
  [...untilRotated, rotate],
  ...[1, 2, 3, 4, 5, 6, 7].map((length) => [...untilOverlap, timer].slice(0, untilRunning.length + length)),
  [...untilOverlap, nextExited],
  [...untilRunning, currentExited],
  [...untilRunning, stop],
  [...untilRunning, restart],
  [start, hookDone, launchFailed, timer, hookDone, launchFailed],
];

async function loadMachine() {
  const folder = await mkdtemp(join(tmpdir(), 'alternate-machine-'));
  try {
    const outfile = join(folder, 'transition.mjs');
    const entry = new URL('src/rotator/transition.ts', root).pathname;
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      logLevel: 'error',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function titleOf({ phase, retiring: leaving }) {
  const detail = phase.attempt?.step.name ?? (phase.then ? `then ${phase.then.purpose}` : undefined);
  const old = phase.name === 'running' && leaving.length > 0 ? 'the old one retiring' : undefined;
  return (detail ?? old) ? `${phase.name} (${detail ?? old})` : phase.name;
}

function cellOf({ transition }, state, eventOf) {
  const event = eventOf(state);
  if (event === null) return '';
  const after = transition(state, { ...event, at: 1 });
  const kinds = new Set(after.effects.map(({ type }) => type).filter((type) => type !== 'report'));
  const title = titleOf(after.state);
  const words = [...(title === titleOf(state) ? [] : [`**${title}**`]), ...kinds];
  if (words.length > 0) return words.join(' ');
  if (after.state.pending.length > state.pending.length) return 'kept';
  return isDeepStrictEqual(after.state, state) ? '·' : 'noted';
}

function tableOf(machine, states, columns) {
  const titles = Object.keys(columns);
  const rows = states.map((state) => {
    const cells = titles.map((title) => cellOf(machine, state, columns[title]));
    return cells.every((cell) => cell === '') ? null : [titleOf(state), ...cells];
  });
  const lines = [['', ...titles], ['---', ...titles.map(() => '---')], ...rows.filter((row) => row !== null)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The members of a union in types.ts, so that none of them is left out here. */
function membersOf(source, union, key) {
  const from = source.indexOf(`export type ${union} =`);
  const body = source.slice(from, source.indexOf('\nexport ', from + 1));
  return [...body.matchAll(new RegExp(`\\{ readonly ${key}: '([\\w-]+)'`, 'g'))].map(([, name]) => name);
}

function mustCover(kind, wanted, covered) {
  const missing = wanted.filter((name) => !covered.some((title) => title.includes(name)));
  if (wanted.length === 0 || missing.length > 0)
    throw new Error(`no ${kind}: ${missing.join(', ') || 'at all'}`);
}

async function document() {
  const machine = await loadMachine();
  const { initialState, transition } = machine;
  const states = journeys.map((journey) =>
    journey.reduce(
      (state, eventOf) => transition(state, { ...eventOf(state), at: 0 }).state,
      initialState(service),
    ),
  );
  const source = await readFile(new URL('src/rotator/machine.ts', root), 'utf8');
  const titles = states.map(titleOf);
  mustCover(
    'event',
    membersOf(source, 'Input', 'type'),
    Object.keys({ ...requests, ...ofTheNext, ...ofTheOthers }),
  );
  mustCover('phase', membersOf(source, 'Phase', 'name'), titles);
  mustCover('step', membersOf(source, 'Step', 'name'), titles);
  const [, picture] = /```\n([^]*?)```/.exec(source) ?? [];
  if (picture === undefined) throw new Error('types.ts has no picture');
  const text = `# The state machine of one service

Generated by \`node scripts/state-table.mjs\` from \`src/rotator\`. Do not edit this page.

\`\`\`
${picture.replace(/^ \* ?/gm, '')}\`\`\`

Each row is a state of a service with two parameters, a readiness check, a route, and the hooks beforeStart, afterReady and
beforeStop. Each column is an input. A cell contains the next phase in bold, if it is another one, and then the kinds of effects
(reports are left out). \`kept\` and \`noted\`: only the data in the state changes. A dot: nothing changes. An empty cell: the
input cannot occur in this state.

## Requests

${tableOf(machine, states, requests)}

## Inputs about the next instance

${tableOf(machine, states, ofTheNext)}

## Inputs about the other instances

${tableOf(machine, states, ofTheOthers)}
`;
  return prettier.format(text, { ...(await prettier.resolveConfig(target)), parser: 'markdown' });
}

const text = await document();
if (!argv.includes('--check')) {
  await writeFile(target, text);
} else if ((await readFile(target, 'utf8').catch(() => null)) !== text) {
  console.error('docs/state-machine.md does not follow from src/rotator: run `node scripts/state-table.mjs`');
  process.exitCode = 1;
}
