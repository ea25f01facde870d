/**
 * What happened: one union for the log, for notifications and for programs. Printing is elsewhere. The JSON form of
 * each member is the event that `alternate events --json` and `GET /v1/events` print.
 */
import type { HookName, Parameter, SignalName } from '../config/types.ts';
import type { Exit, Millis, Purpose } from '../rotator/machine.ts';

/** What the machine reports. The runner adds `service` and `at`. */
export type ServiceReport =
  | { readonly type: 'rotation-started'; readonly from: Parameter; readonly to: Parameter }
  | { readonly type: 'rotation-kept' }
  | { readonly type: 'rotation-refused'; readonly reason: string }
  /** A rotation of all services leaves this one alone. */
  | { readonly type: 'rotation-skipped'; readonly reason: string }
  | {
      readonly type: 'rotation-completed';
      readonly from: Parameter;
      readonly to: Parameter;
      readonly durationMs: number;
    }
  | {
      readonly type: 'rotation-failed';
      readonly from: Parameter;
      readonly to: Parameter;
      readonly reason: string;
      readonly durationMs: number;
      /** The instance that serves now. Null if `from` has ended meanwhile. */
      readonly current: { readonly parameter: Parameter; readonly pid: number | null } | null;
    }
  /** No instance with the configuration of a reload became ready. The previous configuration stays in force. */
  | { readonly type: 'roll-out-failed'; readonly reason: string }
  | { readonly type: 'parameter-awaited'; readonly parameter: Parameter; readonly pid: number | null }
  | {
      readonly type: 'instance-launched';
      readonly parameter: Parameter;
      readonly pid: number;
      readonly purpose: Purpose;
    }
  /** An earlier manager was killed and left this instance behind. */
  | { readonly type: 'orphan-adopted'; readonly parameter: Parameter; readonly pid: number }
  | { readonly type: 'launch-failed'; readonly parameter: Parameter; readonly reason: string }
  | {
      readonly type: 'instance-ready';
      readonly parameter: Parameter;
      readonly pid: number | null;
      readonly afterMs: number;
    }
  | {
      /** `ready.timeout` has passed. The instance is stopped. */
      readonly type: 'instance-not-ready';
      readonly parameter: Parameter;
      readonly pid: number | null;
      readonly reason: string;
    }
  /** `limit`: the limit of the kernel, if the backlog is longer. Otherwise null. */
  | {
      readonly type: 'socket-opened';
      readonly address: string;
      readonly backlog: number;
      readonly limit: number | null;
    }
  /** New requests go to the instance of this parameter. */
  | { readonly type: 'route-switched'; readonly parameter: Parameter }
  /** `parameter` is null if the route could not be withdrawn. */
  | { readonly type: 'route-failed'; readonly parameter: Parameter; readonly reason: string }
  /** After the switch, requests no longer go where they should. The route is set again until `route-restored`. */
  | { readonly type: 'route-lost'; readonly reason: string }
  | { readonly type: 'route-restored' }
  | { readonly type: 'overlap-started'; readonly parameter: Parameter; readonly overlapMs: number }
  | {
      readonly type: 'instance-stopping';
      readonly parameter: Parameter;
      readonly pid: number | null;
      readonly signal: SignalName;
      readonly killAfterMs: number | null;
    }
  | {
      readonly type: 'instance-killed';
      readonly parameter: Parameter;
      readonly pid: number | null;
      readonly afterMs: number | null;
    }
  | {
      /**
       * `expected`: the instance was stopping. `leftBehind`: other processes of its group still run, and are stopped.
       */
      readonly type: 'instance-exited';
      readonly parameter: Parameter;
      readonly pid: number | null;
      readonly exit: Exit;
      readonly expected: boolean;
      readonly leftBehind: boolean;
    }
  | {
      readonly type: 'signal-sent';
      readonly parameter: Parameter;
      readonly pid: number | null;
      readonly signal: SignalName;
    }
  | { readonly type: 'hook-started'; readonly hook: HookName }
  | { readonly type: 'hook-failed'; readonly hook: HookName; readonly reason: string }
  | {
      readonly type: 'restart-delayed';
      readonly parameter: Parameter;
      readonly attempt: number;
      readonly delayMs: number;
    }
  | { readonly type: 'service-running'; readonly parameter: Parameter; readonly pid: number | null }
  | { readonly type: 'service-stopped' }
  | { readonly type: 'service-failed'; readonly reason: string }
  | { readonly type: 'watch-degraded'; readonly reason: string };

/** Reports about the manager as a whole. */
export type ManagerReport =
  | {
      readonly type: 'manager-started';
      readonly pid: number;
      readonly services: number;
      readonly config: string | null;
    }
  | { readonly type: 'manager-stopping'; readonly reason: string }
  | { readonly type: 'manager-stopped' }
  | {
      readonly type: 'config-reloaded';
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly changed: readonly string[];
      readonly applied: readonly string[];
      readonly unchanged: readonly string[];
    }
  | { readonly type: 'reload-refused'; readonly errors: readonly string[] }
  | OutputReport
  | { readonly type: 'output-reopened' }
  | { readonly type: 'control-lost'; readonly reason: string }
  | { readonly type: 'control-restored' }
  /** The last event of a reader that did not keep up. Other readers do not get it. */
  | { readonly type: 'events-dropped'; readonly reason: string };

export type ServiceEvent = { readonly at: Millis; readonly service: string } & ServiceReport;
/** Failures of output. `file` is the path of a log file, or `stdout` or `stderr`. `reason` is the name of an errno. */
export type OutputReport =
  /** Output is discarded until writing works again. `bytes` are lost so far. */
  | { readonly type: 'output-lost'; readonly file: string; readonly reason: string; readonly bytes: number }
  | {
      readonly type: 'output-restored';
      readonly file: string;
      readonly reason: string;
      readonly bytes: number;
    }
  /** A log file has reached its maximum size and cannot be renamed. It grows beyond that size. */
  | { readonly type: 'output-not-rotated'; readonly file: string; readonly reason: string }
  /** The reader of stdout or stderr is gone. What is written there is discarded. */
  | { readonly type: 'output-closed'; readonly file: string; readonly reason: string }
  /** A slow reader left no room for these lines of the manager. It reads again. */
  | { readonly type: 'messages-dropped'; readonly file: string; readonly count: number };

export type Event = ServiceEvent | ({ readonly at: Millis; readonly service: null } & ManagerReport);
