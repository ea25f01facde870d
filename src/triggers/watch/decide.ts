/** Decides whether a changed file leads to a rotation. Pure. */

/** What a program consists of: a SHA-256 over its files, in hexadecimal. */
export type Content = string;

/** Earlier contents, to compare with an observed content. `null`: unknown, so equal to no content. */
export interface Memory {
  /** The content from which the serving instance was launched. */
  readonly serving: Content | null;
  /** The content that was last launched or requested, with any outcome. */
  readonly attempted: Content | null;
}

/**
 * `unchanged`: this content already serves. `already-tried`: it was launched or requested, and the file has not changed
 * since then. `rotate`: request one rotation.
 */
export type Verdict = 'unchanged' | 'rotate' | 'already-tried';

/** A verdict, and the content that counts as attempted after it. */
export interface Decision {
  readonly verdict: Verdict;
  readonly attempted: Content | null;
}

/**
 * Decides whether the program has become another one. A return to the serving content clears the attempt, so that a bad
 * release that is deployed again later counts as a change. A content that could not be read before the file changed
 * counts as different: an unnecessary rotation is harmless, a missing one leaves an old release running.
 */
export function decide(memory: Memory, observed: Content): Decision {
  if (observed === memory.serving) return { verdict: 'unchanged', attempted: null };
  if (observed === memory.attempted) return { verdict: 'already-tried', attempted: observed };
  return { verdict: 'rotate', attempted: observed };
}
