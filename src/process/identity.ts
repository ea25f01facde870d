/** Distinguishes a process from a later process with the same pid. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The fields of `/proc/<pid>/stat` that are used here; proc(5). */
export interface ProcessStat {
  /** One letter. `Z` and `X`: dead. */
  readonly state: string;
  readonly pgrp: number;
  /** In clock ticks after the boot of the machine. */
  readonly startTicks: number;
}

/** The errors for a process that is gone, or that this user may not see. */
const NO_SUCH_PROCESS: readonly unknown[] = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'];

/** For `catch`: null if the process does not exist. Other errors (EMFILE, ENOMEM) are thrown: they prove nothing. */
function nullIfGone(error: unknown): null {
  if (NO_SUCH_PROCESS.includes((error as NodeJS.ErrnoException).code)) return null;
  throw error;
}

/**
 * Linux only; null if there is no such process.
 * @throws if the system gives no answer at this moment, for instance without a free descriptor
 */
export function readStat(pid: string | number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    return nullIfGone(error);
  }
  // "pid (comm) state ppid pgrp …". comm may contain any character, also parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', pgrp: Number(fields[2]), startTicks: Number(fields[19]) };
}

/**
 * A text that no other process of this host has. A later process with the same pid has another one, also after a
 * reboot. Null if there is no such process, or if it is a zombie.
 * @throws if the system gives no answer at this moment
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
    // ps(1) exits with 1 if there is no such process.
    if (typeof (error as { status?: unknown }).status === 'number') return null;
    return nullIfGone(error);
  }
}

let knownBootId: string | undefined;

/** Read once: it cannot change while this process lives. */
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
