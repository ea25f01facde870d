/** Carries out one service's effects with real processes, timers and hooks. */
import type { ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { instantiate, ownAddress, type InstanceSpec } from '../config/instance.ts';
import { runCommand, type RunningCommand } from '../process/command.ts';
import type { ManagerFacts } from '../process/environment.ts';
import { signalGroup } from '../process/group.ts';
import { launch, NOTIFY_FD } from '../process/launch.ts';
import type { InstanceOutput } from '../process/output/instance-output.ts';
import type { Outputs } from '../process/output.ts';
import { probe } from '../process/probe.ts';
import type { Occurrence, ServiceFact } from '../rotator/occurrence.ts';
import type { Effect, Id, Millis, State } from '../rotator/types.ts';
import type { Deed, Happening, RunnerWorld } from './runner.ts';
import { ServiceWatch } from './service-watch.ts';

/** A hook that hangs must not hold a rotation for ever. */
const HOOK_TIMEOUT_MS = 300_000;
/** What an instance had already written when it ended is still passed on; a grandchild that holds the pipe is not waited for. */
const OUTPUT_GRACE_MS = 1_000;

export interface ServiceSurroundings {
  readonly service: string;
  readonly manager: ManagerFacts;
  readonly outputs: Outputs;
  now(): Millis;
  report(occurrence: Occurrence): void;
  /** The program's file has become another one. */
  programChanged(): void;
  /** After each event. */
  settled(): void;
}

interface LiveInstance {
  readonly spec: InstanceSpec;
  readonly output: InstanceOutput;
  child: (ChildProcess & { pid: number }) | null;
  cancelLaunch(): void;
  cancelProbe(): void;
}

type Happened = (happening: Happening) => void;

export class ServiceWorld implements RunnerWorld {
  readonly #around: ServiceSurroundings;
  readonly #instances = new Map<Id, LiveInstance>();
  readonly #timers = new Map<Id, NodeJS.Timeout>();
  readonly #hooks = new Map<Id, RunningCommand>();
  readonly #watch: ServiceWatch;

  constructor(around: ServiceSurroundings) {
    this.#around = around;
    this.#watch = new ServiceWatch({
      changed: () => {
        around.programChanged();
      },
      degraded: (reason) => {
        this.#report({ type: 'watch-degraded', reason });
      },
    });
  }

  now(): Millis {
    return this.#around.now();
  }

  report(occurrence: Occurrence): void {
    this.#around.report(occurrence);
  }

  settled(state: State, previous: State): void {
    this.#watch.follow(state, previous);
    this.#around.settled();
  }

  /** Ends what would keep the process alive once the service is at rest. */
  async close(): Promise<void> {
    for (const hook of this.#hooks.values()) hook.cancel();
    await this.#watch.close();
  }

  carryOut(effect: Deed, happened: Happened): void {
    switch (effect.type) {
      case 'launch':
        this.#launch(effect, happened);
        return;
      case 'cancelLaunch':
        this.#instances.get(effect.instance)?.cancelLaunch();
        return;
      case 'signal': {
        const pid = this.#instances.get(effect.instance)?.child?.pid;
        if (pid !== undefined) signalGroup(pid, effect.signal);
        return;
      }
      case 'probe':
        this.#probe(effect.instance, happened);
        return;
      case 'cancelProbe':
        this.#instances.get(effect.instance)?.cancelProbe();
        return;
      case 'startTimer':
        this.#startTimer(effect.timer, effect.ms, happened);
        return;
      case 'cancelTimer':
        clearTimeout(this.#timers.get(effect.timer));
        this.#timers.delete(effect.timer);
        return;
      case 'runHook':
        this.#runHook(effect, happened);
        return;
      case 'cancelHook':
        this.#hooks.get(effect.hook)?.cancel();
    }
  }

  #launch(effect: Effect & { type: 'launch' }, happened: Happened): void {
    const { instance: id, parameter } = effect;
    const spec = instantiate(effect.spec, parameter);
    const { outputs, manager } = this.#around;
    const needsLines = spec.ready?.type === 'output';
    const output = outputs.open({ service: spec.service, parameter, output: spec.output, needsLines });
    const live: LiveInstance = {
      spec,
      output,
      child: null,
      cancelLaunch: () => undefined,
      cancelProbe: () => undefined,
    };
    this.#instances.set(id, live);
    this.#watch.launching(id, effect.spec, spec);
    const forget = (): void => {
      this.#instances.delete(id);
      live.cancelProbe();
      void output.release(OUTPUT_GRACE_MS);
    };
    live.cancelLaunch = launch(
      { spec, manager, stdio: output.stdio, address: ownAddress(effect.spec, parameter) },
      {
        launched(child) {
          live.child = child;
          output.attach(child.stdout, child.stderr);
          happened({ type: 'launched', instance: id, pid: child.pid });
        },
        failed(reason) {
          forget();
          happened({ type: 'launchFailed', instance: id, reason });
        },
        leaderExited(exit) {
          happened({ type: 'leaderExited', instance: id, exit });
        },
        gone(exit) {
          forget();
          happened({ type: 'exited', instance: id, exit });
        },
      },
    );
  }

  #probe(id: Id, happened: Happened): void {
    const live = this.#instances.get(id);
    if (live === undefined) return;
    live.cancelProbe = probe(live.spec, this.#around.manager, toldBy(live), {
      ready() {
        happened({ type: 'becameReady', instance: id });
      },
      timedOut(reason) {
        happened({ type: 'readinessTimedOut', instance: id, reason });
      },
    });
  }

  #startTimer(timer: Id, ms: number, happened: Happened): void {
    const handle = setTimeout(() => {
      this.#timers.delete(timer);
      happened({ type: 'timerFired', timer });
    }, ms);
    this.#timers.set(timer, handle);
  }

  #runHook({ hook, run }: Effect & { type: 'runHook' }, happened: Happened): void {
    const spec = instantiate(run.spec, run.parameter);
    const { outputs, manager } = this.#around;
    const output = outputs.open({
      service: spec.service,
      parameter: run.name,
      output: { type: 'prefix' },
      needsLines: false,
    });
    const running = runCommand({
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
      started(stdout, stderr) {
        output.attach(stdout, stderr);
      },
    });
    this.#hooks.set(hook, running);
    void running.finished.then((failure) => {
      this.#hooks.delete(hook);
      void output.release(OUTPUT_GRACE_MS);
      if (failure !== null) this.#report({ type: 'hook-failed', hook: run.name, reason: failure });
      happened({ type: 'hookFinished', hook, failure });
    });
  }

  #report(fact: ServiceFact): void {
    this.#around.report({ at: this.now(), service: this.#around.service, ...fact });
  }
}

/** What an instance tells of its own accord. */
function toldBy({ output, child }: LiveInstance): Parameters<typeof probe>[2] {
  return {
    onLine: (callback) => output.onLine(callback),
    onNotify(callback) {
      const pipe = child?.stdio[NOTIFY_FD];
      if (!(pipe instanceof Readable)) return () => undefined;
      const listen = (chunk: Buffer): void => {
        callback(chunk.toString('utf8'));
      };
      pipe.on('data', listen);
      // Read on, unheard: an instance that goes on writing there must not be held up.
      return () => pipe.off('data', listen).resume();
    },
  };
}
