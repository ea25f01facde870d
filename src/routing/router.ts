/** What is asked of whoever sends requests to the instances of a service; one file a kind. */

/** Why no instance is to take new requests: the service was stopped, or what served is gone and is brought back. */
export type Withdrawal = 'stopped' | 'lost';

/**
 * Whoever sends requests to the instances of one service, and can be told where to send new ones. Nothing here rejects:
 * a failure is one line for people, with what was tried and what to do about it. `withinMs` bounds the whole of it, but
 * for what a file system takes.
 */
export interface Router {
  /**
   * Lets the instance of `to` alone take new requests: first it is let in, then every other one is let out. What is not
   * there just now, since it is being restarted, is tried again for as long as `withinMs` allows. Doing it twice does no
   * harm.
   * @returns null once it is so, as far as the other side says; else why not
   */
  direct(to: string, withinMs: number): Promise<string | null>;

  /**
   * No instance is to take new requests. Where that would lose more than it saves (`lost`, and whoever routes tries a
   * dead server again by itself), nothing is done. Somebody who is not there sends no requests: that is no failure.
   */
  withdraw(because: Withdrawal, withinMs: number): Promise<string | null>;

  /** What differs from what `direct(to)` leaves behind; null where nothing does. */
  deviation(to: string, withinMs: number): Promise<Deviation | null>;

  /**
   * What is told in the end, whatever the path to it is: two routers with the same place undo each other's work.
   * @returns null where it cannot be found out
   */
  place(withinMs: number): Promise<string | null>;
}

/** The instances of a service, by their parameters. */
export interface Targets {
  readonly parameters: readonly string[];
  /** Those an earlier configuration had, which may still be let in. */
  readonly former: readonly string[];
}

export interface Deviation {
  readonly reason: string;
  /** Whether another `direct` may help; not where nobody could be asked. */
  readonly mendable: boolean;
}
