/** What whoever runs the manager must know of it. */
import type { Config } from '../config/types.ts';

export interface Program {
  /** Absolute path of the command `alternate`. */
  readonly alternate: string;
  /** Absolute path of the folder in which `node` is. */
  readonly nodeFolder: string;
}

/** Where programs are on most systems; the folder of `node` goes before them. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** For telling the proxy and for the last output, once the slowest instance has been killed. */
const MARGIN_SECONDS = 15;

export function searchPath({ nodeFolder }: Program): string {
  return USUAL_PATH.split(':').includes(nodeFolder) ? USUAL_PATH : `${nodeFolder}:${USUAL_PATH}`;
}

/** How long the manager may take from TERM to its end, in whole seconds; null where no instance is ever killed. */
export function stopSeconds({ services }: Config): number | null {
  let longest = 0;
  for (const { stop } of services) {
    if (stop.timeoutMs === null) return null;
    longest = Math.max(longest, stop.timeoutMs);
  }
  return Math.ceil(longest / 1_000) + MARGIN_SECONDS;
}

/** How long until every service is up or known to have failed, in whole seconds; null where hooks decide that. */
export function startSeconds({ services }: Config): number | null {
  if (services.some(({ hooks }) => hooks.beforeStart !== undefined || hooks.afterReady !== undefined))
    return null;
  const longest = Math.max(0, ...services.map(({ ready }) => ready?.timeoutMs ?? 0));
  return Math.ceil(longest / 1_000) + 60;
}
