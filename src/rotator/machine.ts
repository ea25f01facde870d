/**
 * The types of one service's machine: its state, its inputs, its effects.
 *
 * ```
 *             start            ready                request
 *  stopped ─────────► starting ─────► running ◄──────────────► rotating
 *     ▲                  │  ▲            │     done, failed       │
 *     │            fails │  │ timer      │ exits                  │ next fails,
 *     │                  ▼  │            ▼                        │ current dead
 *     └── stopping    backoff ◄──────────┴────────────────────────┘
 *          ▲   (stop, from anywhere)        │ maxAttempts reached
 *                                           └────────► failed
 * ```
 * `docs/state-machine.md` is generated from the machine itself and lists every phase and input.
 */
import type { HookName, Parameter, ServiceConfig, Settings, SignalName } from '../config/types.ts';
import type { ServiceReport } from '../api/event.ts';

/** Milliseconds since the Unix epoch on a monotonic clock. It may differ from the wall clock. */
export type Millis = number;

/**
 * Ids of instances, timers, hooks and switches of the route come from one counter per service and are never used twice:
 * an input about an unknown id is stale. Ids of requests come from the caller. Each request gets exactly one answer.
 */
export type Id = number;

/** How a process ended: an exit code or a signal. Only the parent can read it, so it is `unknown` for an orphan. */
export type Exit = { readonly code: number } | { readonly signal: string } | { readonly unknown: true };

/** One position of a service's list of parameters. In the classic form two positions may hold the same value. */
export interface Place {
  readonly parameter: Parameter;
  /** Index in the list that the parameter came from. */
  readonly position: number;
}

/** One process group that is started with one parameter. `pid` is null until the launch has succeeded. */
export interface Instance extends Place {
  readonly id: Id;
  readonly pid: number | null;
  readonly launchedAt: Millis;
  /** The configuration it was launched with. `stop` in it applies when the instance is stopped. */
  readonly spec: ServiceConfig;
}

/** An instance that was asked to stop, or whose leader exited, and whose process group is not gone yet. */
export interface Retiring {
  readonly instance: Instance;
  /** The timer of `stop.timeout`. Null: there is no limit, or KILL was already sent. */
  readonly killTimer: Id | null;
  /** The exit of the leader has been reported. Only other processes of the group still run. */
  readonly leaderExited: boolean;
}

/** Why an instance is started. `rotate` counts as a rotation even if no instance serves. */
export type Purpose = 'start' | 'restart' | 'rotate';

/** The step of an attempt. `routing-back` follows a failure: the requests are routed to the previous instance again. */
export type Step =
  | { readonly name: 'awaiting-parameter' }
  | { readonly name: 'before-start'; readonly hook: Id }
  | { readonly name: 'launching'; readonly instance: Instance }
  | { readonly name: 'probing'; readonly instance: Instance }
  | { readonly name: 'after-ready'; readonly instance: Instance; readonly hook: Id }
  | { readonly name: 'routing'; readonly instance: Instance; readonly route: Id }
  | { readonly name: 'overlap'; readonly instance: Instance; readonly timer: Id }
  | { readonly name: 'before-stop'; readonly instance: Instance; readonly hook: Id }
  /** `instance` is null if it is gone. `reason` is why the attempt fails. */
  | {
      readonly name: 'routing-back';
      readonly instance: Instance | null;
      readonly route: Id;
      readonly reason: string;
    };

/** One parameter that is to be started, and the requests for it. */
export interface Intent extends Place {
  readonly purpose: Purpose;
  /** The parameter that served when the intent began. */
  readonly from: Parameter;
  /** The configuration to launch. */
  readonly spec: ServiceConfig;
  /**
   * A reload brought this configuration. It comes into force when the instance serves, and is dropped if that fails.
   */
  readonly rollsOut: boolean;
  readonly startedAt: Millis;
  readonly requests: readonly Id[];
}

/** An intent that is under way. */
export interface Attempt extends Intent {
  readonly step: Step;
}

export interface RotationResult {
  readonly outcome: 'completed' | 'failed';
  readonly from: Parameter;
  readonly to: Parameter;
  readonly reason?: string;
  readonly durationMs: number;
}

export interface State {
  readonly phase: Phase;
  /** The configuration in force. A restart after a crash uses it. */
  readonly spec: ServiceConfig;
  /** The configuration of a reload that the next attempt rolls out. */
  readonly newSpec: ServiceConfig | null;
  /** Why the configuration of the last reload failed. Null if it is in force, or if its roll-out is not over. */
  readonly rollOutFailure: string | null;
  readonly nextId: Id;
  readonly retiring: readonly Retiring[];
  /** Rotations requested during a rotation, or before the first instance was ready. One more rotation follows. */
  readonly pending: readonly Id[];
  /** The place that served last. The next rotation continues after it. Null until an instance has served. */
  readonly last: Place | null;
  /** The configuration of the last switch of the route. Null if none was made, or if the service was stopped since. */
  readonly routedWith: ServiceConfig | null;
  /** Consecutive crashes. */
  readonly crashes: number;
  readonly restarts: number;
  readonly rotations: { readonly completed: number; readonly failed: number };
  readonly lastRotation: (RotationResult & { readonly at: Millis }) | null;
}

export type Phase =
  | { readonly name: 'stopped' }
  | { readonly name: 'starting'; readonly attempt: Attempt }
  | { readonly name: 'running'; readonly current: Instance }
  /** `current` is null if it died meanwhile. The next instance is then promoted as soon as it is ready. */
  | { readonly name: 'rotating'; readonly current: Instance | null; readonly attempt: Attempt }
  /** `reason`: why no instance serves. */
  | ({
      readonly name: 'backoff';
      readonly timer: Id;
      readonly until: Millis;
      readonly reason: string;
    } & Place)
  | { readonly name: 'stopping'; readonly then: Intent | null; readonly requests: readonly Id[] }
  | { readonly name: 'failed'; readonly reason: string };

export type PhaseName = Phase['name'];

/** What has happened, and when. The names are in the past tense. */
export type Input = { readonly at: Millis } & (
  | { readonly type: 'rotationRequested'; readonly request: Id }
  | { readonly type: 'startRequested'; readonly request: Id }
  | { readonly type: 'stopRequested'; readonly request: Id }
  | { readonly type: 'restartRequested'; readonly request: Id }
  | { readonly type: 'signalRequested'; readonly request: Id; readonly signal: SignalName }
  /** A reload brought a configuration that needs new instances. It is rolled out. */
  | { readonly type: 'specChanged'; readonly request: Id; readonly spec: ServiceConfig }
  /** A reload changed only settings. They need no new process and apply at once. */
  | { readonly type: 'settingsChanged'; readonly request: Id; readonly settings: Settings }
  /** A killed manager left this process group behind. `serves`: requests went to it, by `route`. */
  | {
      readonly type: 'orphanFound';
      readonly pid: number;
      readonly parameter: Parameter;
      readonly serves: boolean;
      readonly route: ServiceConfig['route'];
    }
  /** Every instance that is stopping is to be killed at once. */
  | { readonly type: 'killRequested' }
  | { readonly type: 'launched'; readonly instance: Id; readonly pid: number }
  | { readonly type: 'launchFailed'; readonly instance: Id; readonly reason: string }
  | { readonly type: 'becameReady'; readonly instance: Id }
  | { readonly type: 'readinessTimedOut'; readonly instance: Id; readonly reason: string }
  /** The leader exited, and other processes of its group still run. */
  | { readonly type: 'leaderExited'; readonly instance: Id; readonly exit: Exit }
  /** The whole process group is gone. */
  | { readonly type: 'exited'; readonly instance: Id; readonly exit: Exit }
  | { readonly type: 'timerFired'; readonly timer: Id }
  | { readonly type: 'hookFinished'; readonly hook: Id; readonly failure: string | null }
  /** The proxy was notified, or could not be. */
  | { readonly type: 'routed'; readonly route: Id; readonly failure: string | null }
);
export type InputType = Input['type'];

/**
 * The answer to a request. `refused`: the request is wrong or comes at the wrong moment; this is not a failure.
 * `left-alone`: the request was for all services, and this service takes no part in it.
 */
export type Answer =
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'rotated'; readonly result: RotationResult }
  | { readonly type: 'refused'; readonly reason: string; readonly code?: 'left-alone' };

/** What is to be done now, in this order. The names are imperative. */
export type Effect =
  | {
      readonly type: 'launch';
      readonly instance: Id;
      readonly parameter: Parameter;
      readonly spec: ServiceConfig;
    }
  /** Follow a process group that this manager did not start. */
  | { readonly type: 'adopt'; readonly instance: Id; readonly pid: number }
  /** Give up a launch that has not succeeded yet. `launchFailed` or `launched` follows in any case. */
  | { readonly type: 'cancelLaunch'; readonly instance: Id }
  /** To the whole process group. */
  | { readonly type: 'signal'; readonly instance: Id; readonly signal: SignalName }
  | { readonly type: 'probe'; readonly instance: Id }
  | { readonly type: 'cancelProbe'; readonly instance: Id }
  | { readonly type: 'startTimer'; readonly timer: Id; readonly ms: number }
  | { readonly type: 'cancelTimer'; readonly timer: Id }
  | { readonly type: 'runHook'; readonly hook: Id; readonly run: HookRun }
  | { readonly type: 'cancelHook'; readonly hook: Id }
  /** Route new requests to the instance of this parameter alone. `routed` follows. Switches keep their order. */
  | { readonly type: 'route'; readonly route: Id; readonly to: Parameter; readonly spec: ServiceConfig }
  /** Keep routing requests to an orphan. No input follows. */
  | { readonly type: 'keepRoute'; readonly to: Parameter; readonly spec: ServiceConfig }
  /**
   * Withdraw the route: the service is `stopped`, or its instance is `lost` and will be restarted. No input follows.
   */
  | { readonly type: 'withdrawRoute'; readonly because: 'stopped' | 'lost'; readonly spec: ServiceConfig }
  /** The runner adds the service and the time. */
  | { readonly type: 'report'; readonly report: ServiceReport }
  | { readonly type: 'answer'; readonly request: Id; readonly answer: Answer };

/** What a hook gets: the instance that it runs for, and the previous one. */
export interface HookRun {
  readonly name: HookName;
  readonly spec: ServiceConfig;
  readonly parameter: Parameter;
  readonly pid: number | null;
  readonly previousParameter: Parameter;
  readonly previousPid: number | null;
}

export interface Transition {
  readonly state: State;
  readonly effects: readonly Effect[];
}
