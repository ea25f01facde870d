/**
 * What happened, for people and for machines: one union, printed elsewhere. The JSON form of each member is the
 * event that `alternate events --json` and `GET /v1/events` give out.
 */
import type { HookName, Parameter, SignalName } from '../config/types.ts';
import type { Exit, Millis, Purpose } from '../rotator/machine.ts';

/** What the machine reports; `service` and `at` are added to each. */
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
      /** What serves at this moment; null if `from` has ended meanwhile. */
      readonly current: { readonly parameter: Parameter; readonly pid: number | null } | null;
    }
  /** The configuration of a reload did not come up: the one that served stays in force. */
  | { readonly type: 'roll-out-failed'; readonly reason: string }
  | { readonly type: 'parameter-awaited'; readonly parameter: Parameter; readonly pid: number | null }
  | {
      readonly type: 'instance-launched';
      readonly parameter: Parameter;
      readonly pid: number;
      readonly purpose: Purpose;
    }
  /** An earlier manager that was killed had left it behind. */
  | { readonly type: 'orphan-adopted'; readonly parameter: Parameter; readonly pid: number }
  | { readonly type: 'launch-failed'; readonly parameter: Parameter; readonly reason: string }
  | {
      readonly type: 'instance-ready';
      readonly parameter: Parameter;
      readonly pid: number | null;
      readonly afterMs: number;
    }
  | {
      /** Its `ready.timeout` has passed: it is stopped. */
      readonly type: 'instance-not-ready';
      readonly parameter: Parameter;
      readonly pid: number | null;
      readonly reason: string;
    }
  /** `limit`: the kernel's own, where the backlog is longer. */
  | {
      readonly type: 'socket-opened';
      readonly address: string;
      readonly backlog: number;
      readonly limit: number | null;
    }
  /** New requests go to the instance of this parameter. */
  | { readonly type: 'route-switched'; readonly parameter: Parameter }
  /** `parameter` is null where the route was to be withdrawn. */
  | { readonly type: 'route-failed'; readonly parameter: Parameter; readonly reason: string }
  /** Found out later: requests do not go where they should. It is tried again until `route-restored`. */
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
      /** `expected`: it had been told to stop. `leftBehind`: others of its process group live on and are stopped. */
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

/** What concerns the manager as a whole. */
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
  /** The last one of a reader of events that did not keep up; other readers do not get it. */
  | { readonly type: 'events-dropped'; readonly reason: string };

export type ServiceEvent = { readonly at: Millis; readonly service: string } & ServiceReport;
/** What can go wrong with output. `file` is a log file's path, or `stdout` or `stderr`; `reason` an errno's name. */
export type OutputReport =
  /** Bytes are discarded from now on until it works again; `bytes` are lost so far. */
  | { readonly type: 'output-lost'; readonly file: string; readonly reason: string; readonly bytes: number }
  | {
      readonly type: 'output-restored';
      readonly file: string;
      readonly reason: string;
      readonly bytes: number;
    }
  /** A log file has reached its size and cannot be renamed: it is written to beyond that size. */
  | { readonly type: 'output-not-rotated'; readonly file: string; readonly reason: string }
  /** Whoever read stdout or stderr has gone away: what is written there is discarded from now on. */
  | { readonly type: 'output-closed'; readonly file: string; readonly reason: string }
  /** The manager's own lines that a stalled reader left no room for; it reads again. */
  | { readonly type: 'messages-dropped'; readonly file: string; readonly count: number };

export type Event = ServiceEvent | ({ readonly at: Millis; readonly service: null } & ManagerReport);
