/** Process groups. An instance is signalled as a group, and it is gone when its whole group is gone. */
import { readdirSync } from 'node:fs';
import type { SignalName } from '../config/types.ts';
import { readStat } from './identity.ts';

/** The time between two looks at a group, in ms. It is doubled from the first value up to the last. */
const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 200;

/** Sends a signal to every member of the group. Returns false if the group is gone (ESRCH, kill(2)). */
export function signalGroup(pgid: number, signal: SignalName | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    // EPERM: the group has a process of another user, so it is not gone.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Calls `gone` when no process of the group is left; synchronously if the group is gone already. A look that fails (no
 * free descriptor to read `/proc` with) decides nothing: the next one decides.
 */
export function awaitGroupGone(pgid: number, gone: () => void): void {
  let delayMs = FIRST_LOOK_MS;
  const look = (): void => {
    if (looksGone(pgid, delayMs >= LAST_LOOK_MS)) {
      gone();
      return;
    }
    setTimeout(look, delayMs);
    delayMs = Math.min(delayMs * 2, LAST_LOOK_MS);
  };
  look();
}

/** @param thorough ignore zombies too, which takes a descriptor and some time */
function looksGone(pgid: number, thorough: boolean): boolean {
  try {
    return thorough ? isGroupGone(pgid) : !signalGroup(pgid, 0);
  } catch {
    return false;
  }
}

/**
 * Whether the group has no process, or only zombies (dead processes that their parent has not reaped). Reads all of
 * `/proc`.
 * @throws if `/proc` cannot be read at this moment
 */
export function isGroupGone(pgid: number): boolean {
  return !signalGroup(pgid, 0) || onlyZombies(pgid);
}

/**
 * Whether a group has only zombies, which kill(2) still finds. If process 1 reaps nothing (a container without an
 * init), zombies stay forever, but they hold no resources. Only Linux shows them (proc(5), /proc/pid/stat).
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
