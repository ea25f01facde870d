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

/** Linux only; null where there is no such process. */
export function readStat(pid: string | number): ProcessStat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // "pid (comm) state ppid pgrp …", and comm may hold anything, parentheses too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', pgrp: Number(fields[2]), startTicks: Number(fields[19]) };
  } catch {
    return null;
  }
}

/**
 * A text that no other process of this host has, one with the same id after this one's end or after a reboot included;
 * null where there is no such process, or only what is left of a dead one.
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
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}
