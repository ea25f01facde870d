/** The facts about the manager that an init system needs. Pure. */
import type { Config } from '../config/types.ts';

export interface Program {
  /** Absolute path of the command `alternate`. */
  readonly alternate: string;
  /** Absolute path of the folder of `node`. */
  readonly nodeFolder: string;
}

/** The folders of programs on most systems. The folder of `node` is added before them. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Time to notify the proxy, and to write the last output after the slowest instance was killed. */
const MARGIN_SECONDS = 15;

export function searchPath({ nodeFolder }: Program): string {
  return USUAL_PATH.split(':').includes(nodeFolder) ? USUAL_PATH : `${nodeFolder}:${USUAL_PATH}`;
}

/** The longest time from TERM to the end of the manager, in whole seconds. Null if an instance is never killed. */
export function stopSeconds({ services }: Config): number | null {
  let longest = 0;
  for (const { stop } of services) {
    if (stop.timeoutMs === null) return null;
    longest = Math.max(longest, stop.timeoutMs);
  }
  return Math.ceil(longest / 1_000) + MARGIN_SECONDS;
}

/** The longest time until every service runs or has failed, in whole seconds. Null if hooks decide that. */
export function startSeconds({ services }: Config): number | null {
  if (services.some(({ hooks }) => hooks.beforeStart !== undefined || hooks.afterReady !== undefined))
    return null;
  const longest = Math.max(0, ...services.map(({ ready }) => ready?.timeoutMs ?? 0));
  return Math.ceil(longest / 1_000) + 60;
}
