import type { Event } from '../api/event.ts';
import type { PhaseName } from '../rotator/machine.ts';

export interface End {
  readonly code: number;
  /** Why the manager ends by itself; null where somebody asked for it. */
  readonly reason: string | null;
}

/**
 * Whether the manager has come to its end: everything is gone after somebody asked it to stop; all commands of the
 * classic form have exited; or every service has failed, and nothing will come by itself any more.
 */
export function endOf(manager: {
  readonly stopping: boolean;
  readonly classic: boolean;
  readonly uncleanExit: boolean;
  readonly services: readonly { readonly phase: PhaseName; readonly atRest: boolean }[];
}): End | null {
  const { services } = manager;
  if (!services.every(({ atRest }) => atRest)) return null;
  const failed = services.length > 0 && services.every(({ phase }) => phase === 'failed');
  if (manager.stopping) return { code: 0, reason: null };
  if (manager.classic)
    return { code: manager.uncleanExit || failed ? 1 : 0, reason: 'all commands have exited' };
  return failed ? { code: 1, reason: 'every service has failed' } : null;
}

/** An instance ended by itself, with something else than 0. */
export function isUncleanExit(event: Event): boolean {
  if (event.type !== 'instance-exited' || event.expected) return false;
  const { exit } = event;
  return 'signal' in exit || ('code' in exit && exit.code !== 0);
}
