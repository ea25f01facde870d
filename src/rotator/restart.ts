/** Decides what follows when no instance serves: a restart after a delay, `stopped` or `failed`. */
import type { Restart } from '../config/types.ts';
import { withdrawRoute } from './routing.ts';
import type { Turn } from './turn.ts';
import type { Instance, Place } from './machine.ts';

/** What follows an exit outside a rotation. `crashes` counts the consecutive crashes, including this one. */
export type RestartDecision =
  | { readonly next: 'restart'; readonly crashes: number; readonly delayMs: number }
  | { readonly next: 'stopped' }
  | { readonly next: 'failed'; readonly crashes: number };

/**
 * Restarts at once the first time, then after `delay`, which is doubled each time up to `maxDelay`. Gives up after
 * `maxAttempts` consecutive restarts.
 * @param crashesBefore consecutive crashes before this one
 * @param clean the exit code was 0
 * @param ranMs how long the instance ran; `resetAfterMs` or more ends the series
 */
export function decideRestart(
  restart: Restart,
  crashesBefore: number,
  clean: boolean,
  ranMs: number,
): RestartDecision {
  const crashes = (ranMs >= restart.resetAfterMs ? 0 : crashesBefore) + 1;
  if (restart.policy === 'never' || (restart.policy === 'on-failure' && clean))
    return clean ? { next: 'stopped' } : { next: 'failed', crashes };
  if (crashes > restart.maxAttempts) return { next: 'failed', crashes };
  // Capped, because 0 times Infinity is NaN.
  const doublings = Math.min(crashes - 2, 40);
  const delayMs = crashes === 1 ? 0 : Math.min(restart.delayMs * 2 ** doublings, restart.maxDelayMs);
  return { next: 'restart', crashes, delayMs };
}

/** An instance that served is replaced. If it ran for `resetAfter`, the series of crashes before it ends. */
export function endSeriesAfter(turn: Turn, { launchedAt }: Instance): void {
  if (turn.at - launchedAt >= turn.state.spec.restart.resetAfterMs) turn.update({ crashes: 0 });
}

/** No instance serves any more: performs the decision of `decideRestart` for this parameter. */
export function nothingServes(
  turn: Turn,
  lost: {
    readonly place: Place;
    readonly clean: boolean;
    readonly ranMs: number;
    readonly reason: string;
  },
): void {
  const { restart } = turn.state.spec;
  const decision = decideRestart(restart, turn.state.crashes, lost.clean, lost.ranMs);
  withdrawRoute(turn, decision.next === 'restart' ? 'lost' : 'stopped');
  switch (decision.next) {
    case 'stopped':
      // Not `stopped` yet: the rest of its process group, or an earlier instance, may still be stopping.
      turn.update({ crashes: 0 });
      turn.enter({ name: 'stopping', then: null, requests: [] });
      return;
    case 'failed': {
      const attempts = decision.crashes - 1;
      const series = `${attempts} consecutive ${attempts === 1 ? 'restart' : 'restarts'}`;
      const reason = attempts > 0 ? `${lost.reason} (${series})` : lost.reason;
      turn.update({ crashes: decision.crashes });
      turn.enter({ name: 'failed', reason });
      turn.report({ type: 'service-failed', reason });
      return;
    }
    case 'restart': {
      const { crashes, delayMs } = decision;
      turn.update({ crashes });
      const timer = turn.startTimer(delayMs);
      const { parameter, position } = lost.place;
      const { reason } = lost;
      turn.enter({ name: 'backoff', timer, parameter, position, until: turn.at + delayMs, reason });
      turn.report({ type: 'restart-delayed', parameter, attempt: crashes, delayMs });
    }
  }
}
