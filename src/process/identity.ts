/** Tells a process from a later one with the same id. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What `/proc/<pid>/stat` says, as far as somebody here asks for it; proc(5). */
export interface ProcessStat {
  /** One letter; `Z` and `X` are dead. */
  readonly state: string;
  readonly pgrp: number;
  /** Clock ticks since the machine was booted. */
  readonly startTicks: number;
}

/** What the system answers about a process that is gone, or that this user may not see. */
const NO_SUCH_PROCESS: readonly unknown[] = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'];

/** For `catch`: null for a process that is not there. Any other error (EMFILE, ENOMEM) says nothing about it. */
function nullIfGone(error: unknown): null {
  if (NO_SUCH_PROCESS.includes((error as NodeJS.ErrnoException).code)) return null;
  throw error;
}

/**
 * Linux only; null if there is no such process.
 * @throws when the system cannot tell at this moment: no free descriptor, for example
 */
export function readStat(pid: string | number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    return nullIfGone(error);
  }
  // "pid (comm) state ppid pgrp …", and comm may hold anything, parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', pgrp: Number(fields[2]), startTicks: Number(fields[19]) };
}

/**
 * A text that no other process of this host has, one with the same id after this one's end or after a reboot included;
 * null where there is no such process, or only what is left of a dead one.
 * @throws when the system cannot tell at this moment
 */
export function identityOf(pid: number): string | null {
  if (process.platform === 'linux') {
    const stat = readStat(pid);
    if (stat === null || stat.state === 'Z' || stat.state === 'X') return null;
    return `${bootId()} ${stat.startTicks}`;
  }
  try {
    const args = ['-o', 'lstart=', '-p', String(pid)];
    return execFileSync('ps', args, { encoding: 'utf8', stdio: 'pipe' }).trim() || null;
  } catch (error) {
    // ps(1) ends with 1 when there is no such process.
    if (typeof (error as { status?: unknown }).status === 'number') return null;
    return nullIfGone(error);
  }
}

let knownBootId: string | undefined;

/** Read once: it stays as it is as long as this process can live. */
function bootId(): string {
  if (knownBootId !== undefined) return knownBootId;
  try {
    knownBootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch (error) {
    nullIfGone(error);
    knownBootId = '';
  }
  return knownBootId;
}
