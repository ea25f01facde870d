/** Decides when the manager ends by itself. Pure. */
import type { Event } from '../api/event.ts';
import type { PhaseName } from '../rotator/machine.ts';

export interface End {
  readonly code: number;
  /** Why the manager ends by itself. Null if it was asked to stop. */
  readonly reason: string | null;
}

/**
 * Whether the manager ends: it was asked to stop and everything is gone, or all commands of the classic form have
 * exited, or every service has failed.
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

/** Whether an instance ended by itself, with another exit code than 0. */
export function isUncleanExit(event: Event): boolean {
  if (event.type !== 'instance-exited' || event.expected) return false;
  const { exit } = event;
  return 'signal' in exit || ('code' in exit && exit.code !== 0);
}
