/** Performs the effects of one service with real processes, timers and hooks. */
import { instantiate } from '../config/instance.ts';
import { runCommand } from '../process/command.ts';
import type { ManagerFacts } from '../process/environment.ts';
import type { Outputs } from '../output/output.ts';
import type { Orphan } from '../state/roster.ts';
import { liveInstances, servingOf } from '../rotator/instances.ts';
import type { Event, ServiceReport } from '../api/event.ts';
import type { Effect, Id, Millis, State } from '../rotator/machine.ts';
import { neededSockets } from '../rotator/needed-sockets.ts';
import { RouteKeeper } from '../routing/keeper.ts';
import type { ServiceSockets } from '../sockets/sockets.ts';
import type { Result } from '../util/result.ts';
import { ServiceInstances, type Dispatch } from './service-instances.ts';
import type { OuterEffect, EffectHandler } from './runner.ts';
import { ServiceWatch } from './service-watch.ts';

/** A hook that hangs must not block a rotation forever. */
const HOOK_TIMEOUT_MS = 300_000;
/** A cancelled hook has this long from TERM to KILL. */
const HOOK_GRACE_MS = 10_000;
/** How long the output that a hook wrote before its end may take to arrive. */
const OUTPUT_GRACE_MS = 1_000;

export interface ServiceSurroundings {
  readonly service: string;
  readonly manager: ManagerFacts;
  readonly outputs: Outputs;
  readonly sockets: ServiceSockets;
  now(): Millis;
  report(event: Event): void;
  /** Called when a watched file has changed. */
  programChanged(): void;
  /** Called with the instances that run, after each input. */
  list(instances: readonly Omit<Orphan, 'service'>[]): void;
  /** Called after each input. */
  settled(): void;
}

/** A hook that is under way. Aborting a controller ends it; see `CommandRequest`. */
interface RunningHook {
  readonly cancelling: AbortController;
  readonly killing: AbortController;
  readonly finished: Promise<Result<void>>;
}

export class ServiceEffectHandler implements EffectHandler {
  readonly #around: ServiceSurroundings;
  readonly #instances: ServiceInstances;
  readonly #timers = new Map<Id, NodeJS.Timeout>();
  readonly #hooks = new Map<Id, RunningHook>();
  /** The hooks that were cancelled: those that still run, and those that waited for them. */
  readonly #endingHooks = new Set<Id>();
  #closed = false;
  readonly #watch: ServiceWatch;
  readonly #route: RouteKeeper;

  constructor(around: ServiceSurroundings) {
    this.#around = around;
    this.#instances = new ServiceInstances(around.manager, around.outputs, around.sockets);
    this.#watch = new ServiceWatch({
      changed: () => {
        around.programChanged();
      },
      degraded: (reason) => {
        this.#report({ type: 'watch-degraded', reason });
      },
    });
    this.#route = new RouteKeeper({
      lost: (reason) => {
        this.#report({ type: 'route-lost', reason });
      },
      restored: () => {
        this.#report({ type: 'route-restored' });
      },
      leftBehind: (reason) => {
        this.#report({ type: 'route-failed', parameter: null, reason });
      },
    });
  }

  now(): Millis {
    return this.#around.now();
  }

  report(event: Event): void {
    this.#around.report(event);
  }

  settled(state: State, previous: State): void {
    this.#watch.follow(state, previous);
    this.#around.sockets.keep(neededSockets(state));
    this.#around.list(runningInstances(state));
    this.#around.settled();
  }

  /** Ends hooks, watches and the route, for a service at rest. Resolves when its hooks are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const hooks = [...this.#hooks.values()];
    for (const { cancelling } of hooks) cancelling.abort();
    const ended = hooks.map(({ finished }) => finished);
    await Promise.all([this.#watch.close(), this.#route.close(), ...ended]);
  }

  killHooks(): void {
    for (const { killing } of this.#hooks.values()) killing.abort();
  }

  perform(effect: OuterEffect, dispatch: Dispatch): void {
    switch (effect.type) {
      case 'launch':
        this.#launch(effect, dispatch);
        return;
      case 'adopt':
        this.#instances.adopt(effect, dispatch);
        return;
      case 'cancelLaunch':
        this.#instances.cancelLaunch(effect.instance);
        return;
      case 'signal':
        this.#instances.signal(effect.instance, effect.signal);
        return;
      case 'probe':
        this.#instances.probe(effect.instance, dispatch);
        return;
      case 'cancelProbe':
        this.#instances.cancelProbe(effect.instance);
        return;
      case 'startTimer':
        this.#startTimer(effect.timer, effect.ms, dispatch);
        return;
      case 'cancelTimer':
        clearTimeout(this.#timers.get(effect.timer));
        this.#timers.delete(effect.timer);
        return;
      case 'runHook':
        void this.#runHook(effect, dispatch);
        return;
      case 'cancelHook':
        this.#endingHooks.add(effect.hook);
        this.#hooks.get(effect.hook)?.cancelling.abort();
        return;
      case 'route':
        void this.#route.direct(effect.spec, effect.to).then((result) => {
          dispatch({ type: 'routed', route: effect.route, failure: result.ok ? null : result.reason });
        });
        return;
      case 'keepRoute':
        void this.#route.direct(effect.spec, effect.to).then((result) => {
          if (!result.ok) this.#report({ type: 'route-failed', parameter: effect.to, reason: result.reason });
        });
        return;
      case 'withdrawRoute':
        void this.#route.withdraw(effect.spec, effect.because).then((result) => {
          if (!result.ok) this.#report({ type: 'route-failed', parameter: null, reason: result.reason });
        });
    }
  }

  #launch(effect: Effect & { type: 'launch' }, dispatch: Dispatch): void {
    const spec = instantiate(effect.spec, effect.parameter);
    // Called before each try: between two tries the file may change.
    const attempted = (): void => {
      this.#watch.launching(effect.instance, effect.spec, spec);
    };
    this.#instances.launch(effect, attempted, dispatch);
  }

  #startTimer(timer: Id, ms: number, dispatch: Dispatch): void {
    const handle = setTimeout(() => {
      this.#timers.delete(timer);
      dispatch({ type: 'timerFired', timer });
    }, ms);
    this.#timers.set(timer, handle);
  }

  /** Waits for cancelled hooks first: two migrations must not run at the same time. */
  async #runHook({ hook, run }: Effect & { type: 'runHook' }, dispatch: Dispatch): Promise<void> {
    const ending = [...this.#endingHooks].flatMap((id) => this.#hooks.get(id)?.finished ?? []);
    if (ending.length > 0) {
      await Promise.all(ending);
      if (this.#endingHooks.delete(hook) || this.#closed) {
        dispatch({ type: 'hookFinished', hook, failure: 'it was cancelled' });
        return;
      }
    }
    const spec = instantiate(run.spec, run.parameter);
    const { outputs, manager } = this.#around;
    const output = outputs.open({
      service: spec.service,
      parameter: run.name,
      output: { type: 'prefix' },
      needsLines: false,
    });
    const cancelling = new AbortController();
    const killing = new AbortController();
    const finished = runCommand({
      spec,
      command: spec.hooks[run.name] ?? [],
      manager,
      env: {
        ALTERNATE_EVENT: run.name,
        ALTERNATE_PID: String(run.pid ?? ''),
        ALTERNATE_PREVIOUS_PARAMETER: run.previousParameter ?? '',
        ALTERNATE_PREVIOUS_PID: String(run.previousPid ?? ''),
      },
      timeoutMs: HOOK_TIMEOUT_MS,
      graceMs: HOOK_GRACE_MS,
      cancelled: cancelling.signal,
      killed: killing.signal,
      started(stdout, stderr) {
        output.attach(stdout, stderr);
      },
    });
    this.#hooks.set(hook, { cancelling, killing, finished });
    void finished.then((result) => {
      const failure = result.ok ? null : result.reason;
      this.#hooks.delete(hook);
      this.#endingHooks.delete(hook);
      void output.release(OUTPUT_GRACE_MS);
      if (failure !== null) this.#report({ type: 'hook-failed', hook: run.name, reason: failure });
      dispatch({ type: 'hookFinished', hook, failure });
    });
  }

  #report(report: ServiceReport): void {
    this.#around.report({ at: this.now(), service: this.#around.service, ...report });
  }
}

function runningInstances(state: State): readonly Omit<Orphan, 'service'>[] {
  const serving = servingOf(state);
  return liveInstances(state).flatMap(({ id, parameter, pid, spec: { route } }) =>
    pid === null ? [] : [{ parameter, pid, serves: id === serving?.id, route }],
  );
}
