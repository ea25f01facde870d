/**
 * The vocabulary of one service's rotator: its state, the inputs that reach it, the effects it asks for.
 *
 * ```
 *             start            ready                request
 *  stopped ─────────► starting ─────► running ◄──────────────► rotating
 *     ▲                  │  ▲            │     done, failed       │
 *     │            fails │  │ timer      │ exits                  │ next fails,
 *     │                  ▼  │            ▼                        │ current dead
 *     └── stopping    backoff ◄──────────┴────────────────────────┘
 *          ▲   (stop, from anywhere)        │ too many in a row
 *                                           └────────► failed
 * ```
 * `docs/state-machine.md` is generated from the machine itself and lists every phase and input.
 */
import type { HookName, Parameter, ServiceConfig, Settings, SignalName } from '../config/types.ts';
import type { ServiceReport } from '../api/event.ts';

/** Milliseconds since the Unix epoch, on a clock that is never set back (it may drift from the wall clock). */
export type Millis = number;

/**
 * Ids of instances, timers, hooks and switches of the route come from one counter a service and are never used twice: an input about an
 * unknown id is stale. Ids of requests come from whoever asks; each gets exactly one answer.
 */
export type Id = number;

/** How a process ended: an exit code, or the signal that ended it. Only a parent learns of it: `unknown` for an orphan. */
export type Exit = { readonly code: number } | { readonly signal: string } | { readonly unknown: true };

/** One position of a service's list of parameters. In the classic form two positions may hold the same value. */
export interface Place {
  readonly parameter: Parameter;
  /** Index in the list that the parameter came from. */
  readonly position: number;
}

/** One process group started with one parameter. `pid` is null until the launch has succeeded. */
export interface Instance extends Place {
  readonly id: Id;
  readonly pid: number | null;
  readonly launchedAt: Millis;
  /** The configuration it was launched with, which also says how it is stopped. */
  readonly spec: ServiceConfig;
}

/** An instance that was told to stop, or whose leader exited, and whose process group is not gone yet. */
export interface Retiring {
  readonly instance: Instance;
  /** The timer that leads to KILL; null: never, or already killed. */
  readonly killTimer: Id | null;
  /** Its exit has been reported; only others of its group live on. */
  readonly leaderExited: boolean;
}

/** Why an instance is being brought up; `rotate` counts as a rotation even where no instance serves. */
export type Purpose = 'start' | 'restart' | 'rotate';

/** How far the next instance has come. `routing-back` is the way out: what served before gets the requests again. */
export type Step =
  | { readonly name: 'awaiting-parameter' }
  | { readonly name: 'before-start'; readonly hook: Id }
  | { readonly name: 'launching'; readonly instance: Instance }
  | { readonly name: 'probing'; readonly instance: Instance }
  | { readonly name: 'after-ready'; readonly instance: Instance; readonly hook: Id }
  | { readonly name: 'routing'; readonly instance: Instance; readonly route: Id }
  | { readonly name: 'overlap'; readonly instance: Instance; readonly timer: Id }
  | { readonly name: 'before-stop'; readonly instance: Instance; readonly hook: Id }
  /** `instance` is null where it is gone; `reason` is what the attempt fails with. */
  | {
      readonly name: 'routing-back';
      readonly instance: Instance | null;
      readonly route: Id;
      readonly reason: string;
    };

/** That one parameter is to be brought up, and who wants it. */
export interface Intent extends Place {
  readonly purpose: Purpose;
  /** What served when it was asked for. */
  readonly from: Parameter;
  /** The configuration to launch. */
  readonly spec: ServiceConfig;
  /** A reload brought this configuration: it comes into force when the instance serves, and is dropped when it fails. */
  readonly rollsOut: boolean;
  readonly startedAt: Millis;
  readonly requests: readonly Id[];
}

/** An intent that is being carried out. */
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
  /** The configuration in force: a restart after a crash takes this one. */
  readonly spec: ServiceConfig;
  /** What a reload brought and no attempt has taken up yet; the next attempt does. */
  readonly newSpec: ServiceConfig | null;
  /** Why the configuration of the last reload is not in force; null where it is, or where its roll-out is not over. */
  readonly rollOutFailure: string | null;
  /** The next id to be given. */
  readonly nextId: Id;
  readonly retiring: readonly Retiring[];
  /** Rotations asked for while one was running, or before the first instance was ready: one more follows. */
  readonly pending: readonly Id[];
  /** What served last; the next rotation goes on from here. Null until something has served. */
  readonly last: Place | null;
  /** The configuration of the last switch of the route; null where no switch was made, or the service was stopped. */
  readonly routedWith: ServiceConfig | null;
  /** Crashes in a row. */
  readonly crashes: number;
  readonly restarts: number;
  readonly rotations: { readonly completed: number; readonly failed: number };
  readonly lastRotation: (RotationResult & { readonly at: Millis }) | null;
}

export type Phase =
  | { readonly name: 'stopped' }
  | { readonly name: 'starting'; readonly attempt: Attempt }
  | { readonly name: 'running'; readonly current: Instance }
  /** `current` is null when it died meanwhile: the next one is then promoted as soon as it is ready. */
  | { readonly name: 'rotating'; readonly current: Instance | null; readonly attempt: Attempt }
  /** `reason`: why nothing serves. */
  | ({
      readonly name: 'backoff';
      readonly timer: Id;
      readonly until: Millis;
      readonly reason: string;
    } & Place)
  | { readonly name: 'stopping'; readonly then: Intent | null; readonly requests: readonly Id[] }
  | { readonly name: 'failed'; readonly reason: string };

export type PhaseName = Phase['name'];

/** Past tense: what has happened, and when. */
export type Input = { readonly at: Millis } & (
  | { readonly type: 'rotationRequested'; readonly request: Id }
  | { readonly type: 'startRequested'; readonly request: Id }
  | { readonly type: 'stopRequested'; readonly request: Id }
  | { readonly type: 'restartRequested'; readonly request: Id }
  | { readonly type: 'signalRequested'; readonly request: Id; readonly signal: SignalName }
  /** A reload brought a configuration whose instances differ: it is rolled out. */
  | { readonly type: 'specChanged'; readonly request: Id; readonly spec: ServiceConfig }
  /** A reload changed nothing but settings, which need no other process: they apply at once. */
  | { readonly type: 'settingsChanged'; readonly request: Id; readonly settings: Settings }
  /** An earlier manager that was killed has left this process group behind. `serves`: requests went to it, by `route`. */
  | {
      readonly type: 'orphanFound';
      readonly pid: number;
      readonly parameter: Parameter;
      readonly serves: boolean;
      readonly route: ServiceConfig['route'];
    }
  /** Whatever is left is to be killed at once. */
  | { readonly type: 'killRequested' }
  | { readonly type: 'launched'; readonly instance: Id; readonly pid: number }
  | { readonly type: 'launchFailed'; readonly instance: Id; readonly reason: string }
  | { readonly type: 'becameReady'; readonly instance: Id }
  | { readonly type: 'readinessTimedOut'; readonly instance: Id; readonly reason: string }
  /** The leader exited while others of its process group live on. */
  | { readonly type: 'leaderExited'; readonly instance: Id; readonly exit: Exit }
  /** The whole process group is gone. */
  | { readonly type: 'exited'; readonly instance: Id; readonly exit: Exit }
  | { readonly type: 'timerFired'; readonly timer: Id }
  | { readonly type: 'hookFinished'; readonly hook: Id; readonly failure: string | null }
  /** Whoever routes requests has been told, or cannot be. */
  | { readonly type: 'routed'; readonly route: Id; readonly failure: string | null }
);
export type InputType = Input['type'];

/**
 * What a request is answered with; `refused` is the caller's mistake or the wrong moment, not a failure. `left-alone`: the
 * request was for all services, and this one has no part in that.
 */
export type Answer =
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'rotated'; readonly result: RotationResult }
  | { readonly type: 'refused'; readonly reason: string; readonly code?: 'left-alone' };

/** Imperative: what is to be done now, in this order. */
export type Effect =
  | {
      readonly type: 'launch';
      readonly instance: Id;
      readonly parameter: Parameter;
      readonly spec: ServiceConfig;
    }
  /** This process group is an instance from now on. */
  | { readonly type: 'adopt'; readonly instance: Id; readonly pid: number }
  /** A launch that has not succeeded yet is given up; `launchFailed` or `launched` follows all the same. */
  | { readonly type: 'cancelLaunch'; readonly instance: Id }
  /** To the whole process group. */
  | { readonly type: 'signal'; readonly instance: Id; readonly signal: SignalName }
  | { readonly type: 'probe'; readonly instance: Id }
  | { readonly type: 'cancelProbe'; readonly instance: Id }
  | { readonly type: 'startTimer'; readonly timer: Id; readonly ms: number }
  | { readonly type: 'cancelTimer'; readonly timer: Id }
  | { readonly type: 'runHook'; readonly hook: Id; readonly run: HookRun }
  | { readonly type: 'cancelHook'; readonly hook: Id }
  /** New requests go to this parameter's instance alone; `routed` follows. Switches are carried out in their order. */
  | { readonly type: 'route'; readonly route: Id; readonly to: Parameter; readonly spec: ServiceConfig }
  /** The same for an orphan, to which they went before. Nothing follows. */
  | { readonly type: 'keepRoute'; readonly to: Parameter; readonly spec: ServiceConfig }
  /** New requests go nowhere: the service is `stopped`, or what served is `lost` and is brought back. Nothing follows. */
  | { readonly type: 'withdrawRoute'; readonly because: 'stopped' | 'lost'; readonly spec: ServiceConfig }
  /** The service and the time are added where it is published. */
  | { readonly type: 'report'; readonly report: ServiceReport }
  | { readonly type: 'answer'; readonly request: Id; readonly answer: Answer };

/** What a hook is told about: the instance it is run for, and the one before it. */
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
