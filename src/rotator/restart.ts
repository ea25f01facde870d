import type { Restart } from '../config/types.ts';
import { withdrawRoute } from './routing.ts';
import type { Turn } from './turn.ts';
import type { Instance, Place } from './machine.ts';

/** What follows an exit outside a rotation. `crashes` counts the crashes in a row, this one included. */
export type RestartDecision =
  | { readonly next: 'restart'; readonly crashes: number; readonly delayMs: number }
  | { readonly next: 'stopped' }
  | { readonly next: 'failed'; readonly crashes: number };

/**
 * Restarts at once the first time, then after `delay`, doubled up to `maxDelay`; gives up after `maxAttempts` in a row.
 * @param crashesBefore crashes in a row so far
 * @param clean the exit code was 0
 * @param ranMs how long the instance had been running; `resetAfterMs` of it ends the row
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
  // Capped, since `delay: 0` times infinity would be no number.
  const doublings = Math.min(crashes - 2, 40);
  const delayMs = crashes === 1 ? 0 : Math.min(restart.delayMs * 2 ** doublings, restart.maxDelayMs);
  return { next: 'restart', crashes, delayMs };
}

/** An instance that served is being succeeded: having run for `resetAfter` ends the row of crashes before it. */
export function endRowAfter(turn: Turn, { launchedAt }: Instance): void {
  if (turn.at - launchedAt >= turn.state.spec.restart.resetAfterMs) turn.update({ crashes: 0 });
}

/** Nothing serves any more: carries out what `decideRestart` says for this parameter. */
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
      // Not `stopped` yet: what it left of its process group, or the one before it, may still be on its way out.
      turn.update({ crashes: 0 });
      turn.enter({ name: 'stopping', then: null, requests: [] });
      return;
    case 'failed': {
      const attempts = decision.crashes - 1;
      const row = `${attempts} ${attempts === 1 ? 'restart' : 'restarts'} in a row`;
      const reason = attempts > 0 ? `${lost.reason} (${row})` : lost.reason;
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
