import type { Parameter, Restart } from '../config/types.ts';
import type { Turn } from './turn.ts';

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
  const delayMs = crashes === 1 ? 0 : Math.min(restart.delayMs * 2 ** (crashes - 2), restart.maxDelayMs);
  return { next: 'restart', crashes, delayMs };
}

/** Nothing serves any more: carries out what `decideRestart` says for this parameter. */
export function nothingServes(
  turn: Turn,
  lost: {
    readonly parameter: Parameter;
    readonly clean: boolean;
    readonly ranMs: number;
    readonly reason: string;
  },
): void {
  const { restart } = turn.state.spec;
  const decision = decideRestart(restart, turn.state.crashes, lost.clean, lost.ranMs);
  switch (decision.next) {
    case 'stopped':
      turn.update({ crashes: 0 });
      turn.enter({ name: 'stopped' });
      turn.report({ type: 'service-stopped' });
      return;
    case 'failed': {
      const attempts = decision.crashes - 1;
      const reason = attempts > 0 ? `${lost.reason} (${attempts} restarts in a row)` : lost.reason;
      turn.update({ crashes: decision.crashes });
      turn.enter({ name: 'failed', reason });
      turn.report({ type: 'service-failed', reason });
      return;
    }
    case 'restart': {
      const { crashes, delayMs } = decision;
      turn.update({ crashes });
      const timer = turn.startTimer(delayMs);
      turn.enter({ name: 'backoff', timer, parameter: lost.parameter, until: turn.at + delayMs });
      turn.report({ type: 'restart-delayed', parameter: lost.parameter, attempt: crashes, delayMs });
    }
  }
}
