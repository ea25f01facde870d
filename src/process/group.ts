/** Process groups: an instance is signalled as one, and is gone only when its whole group is gone. */
import { readdirSync } from 'node:fs';
import type { SignalName } from '../config/types.ts';
import { readStat } from './identity.ts';

/** Between two looks at a group: doubled from the first to the last, in ms. */
const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 200;

/** Sends a signal to every member of the group. Returns false when the group is gone (ESRCH, kill(2)). */
export function signalGroup(pgid: number, signal: SignalName | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    // EPERM: somebody of another user is in there; the group is not gone.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Calls `gone` once no process of the group is left; at once if that is so already. A look that fails (no free
 * descriptor to read `/proc` with) decides nothing: the next one does.
 * @returns cancels the wait
 */
export function awaitGroupGone(pgid: number, gone: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let delayMs = FIRST_LOOK_MS;
  const look = (): void => {
    if (seesNobody(pgid, delayMs >= LAST_LOOK_MS)) {
      gone();
      return;
    }
    timer = setTimeout(look, delayMs);
    delayMs = Math.min(delayMs * 2, LAST_LOOK_MS);
  };
  look();
  return () => {
    clearTimeout(timer);
  };
}

/** @param thorough also tells zombies from living processes, which takes a descriptor and some time */
function seesNobody(pgid: number, thorough: boolean): boolean {
  try {
    return thorough ? isGroupGone(pgid) : !signalGroup(pgid, 0);
  } catch {
    return false;
  }
}

/**
 * Whether no process of the group is left but dead ones that nobody has reaped. Reads all of `/proc`.
 * @throws when `/proc` cannot be read at this moment
 */
export function isGroupGone(pgid: number): boolean {
  return !signalGroup(pgid, 0) || onlyZombies(pgid);
}

/**
 * Whether all that is left of a group is zombies, which `kill` still finds: where process 1 reaps nothing (a container
 * without an init), they stay for ever but hold nothing. Linux alone can tell (proc(5), /proc/pid/stat).
 */
function onlyZombies(pgid: number): boolean {
  if (process.platform !== 'linux') return false;
  let found = false;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(entry);
    if (stat?.pgrp !== pgid) continue;
    if (stat.state !== 'Z' && stat.state !== 'X') return false;
    found = true;
  }
  return found;
}
