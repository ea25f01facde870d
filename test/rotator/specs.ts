/** Services to try the machine with. */
import fc from 'fast-check';
import type { HookName, OnRotate, Parameter, RotationPolicy, ServiceConfig } from '../../src/config/types.ts';

/** A service as a file would declare it with every default, but for what is given. */
export function serviceSpec(given: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    name: 'api',
    command: ['/srv/api', '%alt'],
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
    ready: null,
    address: null,
    route: null,
    listen: [],
    stop: { signal: 'SIGTERM', timeoutMs: 30_000 },
    restart: { policy: 'always', delayMs: 250, maxDelayMs: 30_000, maxAttempts: 10, resetAfterMs: 60_000 },
    output: { type: 'prefix' },
    hooks: {},
    ...given,
  };
}

/** All of a configuration but its settings: what a process was started with. */
export function processPart(spec: ServiceConfig): string {
  const { overlapMs: _o, stop: _s, restart: _r, watch: _w, hooks: _h, onRotate: _n, ...rest } = spec;
  return JSON.stringify(rest);
}

/** What the classic form makes of its words. */
export const classicForm = {
  rotation: { whileRotating: 'refuse', parameterInUse: 'refuse' },
  ready: null,
  stop: { signal: 'SIGTERM', timeoutMs: null },
  restart: { policy: 'never', delayMs: 250, maxDelayMs: 30_000, maxAttempts: 10, resetAfterMs: 60_000 },
  output: { type: 'inherit' },
} as const satisfies Partial<ServiceConfig>;

const hookNames: readonly HookName[] = ['beforeStart', 'afterReady', 'beforeStop', 'afterRotate'];
const parameterPool = ['a', 'b', 'c', 'd'];

/** Kept few, so that two specs of one service often share some. */
function parameterList(atLeast: number): fc.Arbitrary<readonly [Parameter, ...Parameter[]]> {
  return fc
    .shuffledSubarray(parameterPool, { minLength: atLeast })
    .map((list) => list as [Parameter, ...Parameter[]]);
}

interface Rotating {
  readonly onRotate: OnRotate;
  readonly rotation: RotationPolicy;
  readonly parameters: ServiceConfig['parameters'];
}

const fold: RotationPolicy = { whileRotating: 'fold', parameterInUse: 'wait' };
const rotating: fc.Arbitrary<Rotating> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      onRotate: fc.constant<OnRotate>({ type: 'alternate' }),
      rotation: fc.constant(fold),
      parameters: parameterList(2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      onRotate: fc.constant<OnRotate>({ type: 'alternate' }),
      rotation: fc.record({
        whileRotating: fc.constantFrom('fold', 'refuse'),
        parameterInUse: fc.constant('refuse'),
      }),
      parameters: parameterList(1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      onRotate: fc.constantFrom<OnRotate>(
        { type: 'restart' },
        { type: 'signal', signal: 'SIGHUP' },
        { type: 'none' },
      ),
      rotation: fc.constant(fold),
      parameters: fc.constant<ServiceConfig['parameters']>([null]),
    }),
  },
);

const hooks: fc.Arbitrary<ServiceConfig['hooks']> = fc
  .oneof({ weight: 2, arbitrary: fc.constant<HookName[]>([]) }, fc.subarray([...hookNames]))
  .map((names) => Object.fromEntries(names.map((name) => [name, [`/srv/${name}`]])));

const stop: fc.Arbitrary<ServiceConfig['stop']> = fc.record({
  signal: fc.constantFrom('SIGTERM', 'SIGQUIT', 'SIGKILL'),
  timeoutMs: fc.constantFrom(null, 0, 30_000),
});

const restart: fc.Arbitrary<ServiceConfig['restart']> = fc.record({
  policy: fc.constantFrom('always', 'on-failure', 'never'),
  delayMs: fc.constantFrom(0, 250),
  maxDelayMs: fc.constantFrom(400, 30_000),
  maxAttempts: fc.constantFrom(0, 1, 3, 10),
  resetAfterMs: fc.constant(60_000),
});

const route: fc.Arbitrary<ServiceConfig['route']> = fc.constantFrom(
  null,
  { type: 'files', folder: '/run/api' } as const,
  { type: 'haproxy', socket: '/run/admin.sock', backend: 'api', server: 'api-%alt' } as const,
);

export const anySpec: fc.Arbitrary<ServiceConfig> = fc
  .record({
    rotating,
    overlapMs: fc.constantFrom(0, 10_000),
    ready: fc.constantFrom(null, {
      type: 'tcp',
      address: '%alt',
      intervalMs: 200,
      timeoutMs: 30_000,
    } as const),
    stop,
    restart,
    hooks,
    route,
  })
  .map(({ rotating: chosen, route: told, ...rest }) =>
    // Without parameters there is nothing to route between.
    serviceSpec({ ...chosen, ...rest, route: chosen.onRotate.type === 'alternate' ? told : null }),
  );

/** A value may occur more than once. */
const cycle: fc.Arbitrary<readonly [Parameter, ...Parameter[]]> = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map((list) => list as [Parameter, ...Parameter[]]);

export const anyClassicSpec: fc.Arbitrary<ServiceConfig> = fc
  .record({ parameters: cycle, overlapMs: fc.constantFrom(0, 10_000) })
  .map((chosen) => serviceSpec({ ...classicForm, ...chosen }));
