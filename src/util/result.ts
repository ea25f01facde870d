/** The one type of an expected failure. A throw is a bug; a failure that can happen is a value. */

/**
 * Either a value, or the reason why there is none: a kebab-case word, a sentence, or what else a function documents.
 */
export type Result<T, E = string> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: E };

/** Success of a function that has no value to give back. */
export const DONE: Result<void, never> = { ok: true, value: undefined };

export function success<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

export function failure<E>(reason: E): Result<never, E> {
  return { ok: false, reason };
}
