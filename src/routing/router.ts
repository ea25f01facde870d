/** The interface to one kind of proxy; each kind has a file of its own. */
import type { Result } from '../util/result.ts';

/**
 * Why no instance may get new requests: the service was stopped, or the instance that served is lost and is restarted.
 */
export type Withdrawal = 'stopped' | 'lost';

/**
 * Notifies the proxy of one service where to send new requests. No method rejects. The reason of a failure is one line
 * for people: what was tried, and what to do. `withinMs` limits the time of a call, except the time of file systems.
 */
export interface Router {
  /**
   * Sends new requests only to the instance of `to`: first this instance gets requests, then the others get none. If
   * the proxy is absent, because it restarts, the call is repeated within `withinMs`. A second call does no harm.
   * Succeeds when the proxy confirms it, as far as the proxy can.
   */
  direct(to: string, withinMs: number): Promise<Result<void>>;

  /**
   * Sends new requests to no instance. With `lost`, nothing is done if the proxy itself repeats refused connections,
   * because then a withdrawal would lose more requests. An absent proxy sends no requests, so it is no failure.
   */
  withdraw(because: Withdrawal, withinMs: number): Promise<Result<void>>;

  /** The difference from the state that `direct(to)` leaves; null if there is none. */
  deviation(to: string, withinMs: number): Promise<Deviation | null>;

  /**
   * Identifies the proxy's setting that this router changes, independent of the path to the proxy. Two routers with the
   * same place would undo each other's work. Null if it cannot be found out.
   */
  place(withinMs: number): Promise<string | null>;
}

/** The instances of a service, by their parameters. */
export interface Targets {
  readonly parameters: readonly string[];
  /** Parameters of an earlier configuration, whose instances may still get requests. */
  readonly former: readonly string[];
}

export interface Deviation {
  readonly reason: string;
  /** Whether another `direct` may help. False if the state is unknown. */
  readonly fixable: boolean;
}
