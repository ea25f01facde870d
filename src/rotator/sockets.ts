import type { ListenSocket } from '../config/types.ts';
import { attemptOf, currentOf } from './instances.ts';
import type { State } from './types.ts';

/**
 * The sockets that must be open: they outlive every instance, so that connections wait in the kernel while there is none,
 * and are closed when the service is stopped or has failed. A reload that changes them opens the new ones for the
 * rotation and lets the old ones go with what served.
 */
export function neededSockets(state: State): readonly ListenSocket[] {
  const { phase, spec } = state;
  switch (phase.name) {
    case 'stopped':
    case 'failed':
      return [];
    case 'stopping':
      return phase.then === null ? [] : spec.listen;
    case 'backoff':
      return spec.listen;
    case 'starting':
    case 'running':
    case 'rotating':
      return [...(currentOf(state)?.spec.listen ?? []), ...(attemptOf(state)?.spec.listen ?? [])];
  }
}
