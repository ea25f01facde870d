/** Decides which listening sockets a service needs in a state. */
import type { ListenSocket } from '../config/types.ts';
import { attemptOf, currentOf } from './instances.ts';
import type { State } from './machine.ts';

/**
 * The sockets that must be open. They outlive every instance, so that connections wait in the kernel while no instance
 * runs. They are closed when the service is stopped or has failed. A reload that changes them opens the new ones for
 * the rotation. The old ones stay until the new configuration is in force: if the rotation fails, they are still
 * needed.
 */
export function neededSockets(state: State): readonly ListenSocket[] {
  const { phase, spec } = state;
  switch (phase.name) {
    case 'stopped':
    case 'failed':
      return [];
    case 'stopping':
      return phase.then === null ? [] : union(spec.listen, phase.then.spec.listen);
    case 'backoff':
      return spec.listen;
    case 'starting':
    case 'running':
    case 'rotating':
      return union(currentOf(state)?.spec.listen ?? [], attemptOf(state)?.spec.listen ?? [], spec.listen);
  }
}

function union(...lists: readonly (readonly ListenSocket[])[]): readonly ListenSocket[] {
  return [...new Set(lists.flat())];
}
