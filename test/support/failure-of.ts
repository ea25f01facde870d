import type { Result } from '../../src/util/result.ts';

/** The reason of a failure; null for a success. */
export function failureOf<E>(result: Result<unknown, E>): E | null {
  return result.ok ? null : result.reason;
}
