/** What a program consists of: a SHA-256 over its files, in hexadecimal. */
export type Content = string;

/** What is known of the past when a content is observed. `null`: not known, so equal to nothing. */
export interface Memory {
  /** What the serving instance was launched from. */
  readonly serving: Content | null;
  /** What was last launched or asked for, whatever became of it. */
  readonly attempted: Content | null;
}

/**
 * `unchanged`: it already serves; `already-tried`: it was launched or asked for, and the file has not changed
 * since; `rotate`: ask for a rotation, once.
 */
export type Verdict = 'unchanged' | 'rotate' | 'already-tried';

/** A verdict, and what counts as attempted from then on. */
export interface Decision {
  readonly verdict: Verdict;
  readonly attempted: Content | null;
}

/**
 * Has the program become another one? A return to the serving content forgets the attempt, so that a bad
 * release put back later counts as a change. A content that could not be read before the file changed counts
 * as different: a rotation too many is harmless, one too few leaves an old release running.
 */
export function decide(memory: Memory, observed: Content): Decision {
  if (observed === memory.serving) return { verdict: 'unchanged', attempted: null };
  if (observed === memory.attempted) return { verdict: 'already-tried', attempted: observed };
  return { verdict: 'rotate', attempted: observed };
}
