/**
 * Allows only one manager per configuration, also when its runtime folder (socket, list of instances) is gone: logind
 * removes that folder at logout. A lock file in the state folder, which outlives a login, names the manager's process.
 */
import { linkSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fingerprint } from '../util/fingerprint.ts';
import { makeFolder } from '../util/make-folder.ts';
import { UnsuitableFile } from '../util/regular-file.ts';
import { identityOf } from '../process/identity.ts';
import { readOwnFile } from './own-file.ts';

export type Locked =
  /** `release` does nothing if no lock could be taken: a manager also runs if it cannot write to the folder. */
  | { readonly ok: true; release(): void }
  /** Another living manager has the lock. */
  | { readonly ok: false; readonly pid: number };

/** The default folder for files that survive the manager. */
export function stateFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const [given = ''] = (env['STATE_DIRECTORY'] ?? '').split(':');
  if (path.isAbsolute(given)) return given;
  if (process.getuid?.() === 0) return '/var/lib/alternate';
  const home = env['XDG_STATE_HOME'] ?? '';
  return path.join(path.isAbsolute(home) ? home : path.join(homedir(), '.local/state'), 'alternate');
}

/** @param configPath the configuration's absolute path */
export function lockConfiguration(configPath: string, folder = stateFolder()): Locked {
  const file = path.join(folder, `${fingerprint(configPath)}.lock`);
  const own = `${file}.${process.pid}`;
  try {
    makeFolder(folder, 0o700);
    if (lstatSync(folder).uid !== process.getuid?.()) return UNLOCKED;
    rmSync(own, { force: true });
    writeFileSync(own, JSON.stringify({ pid: process.pid, identity: identityOf(process.pid) }), {
      mode: 0o600,
      flag: 'wx',
    });
    try {
      return take(file, own);
    } finally {
      rmSync(own, { force: true });
    }
  } catch {
    return UNLOCKED;
  }
}

const UNLOCKED: Locked = { ok: true, release: () => undefined };

/** link(2) fails if the name exists: of two managers that start at the same moment, only one gets the lock. */
function take(file: string, own: string): Locked {
  for (;;) {
    if (link(own, file))
      return {
        ok: true,
        release() {
          releaseOwn(file);
        },
      };
    const holder = livingHolder(file);
    if (holder !== null) return { ok: false, pid: holder };
    // The lock of a dead manager is moved away. If a third manager replaced it in between, its lock is put back.
    const stale = `${own}.stale`;
    try {
      renameSync(file, stale);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      continue;
    }
    const moved = livingHolder(stale);
    if (moved !== null) link(stale, file);
    rmSync(stale, { force: true });
    if (moved !== null) return { ok: false, pid: moved };
  }
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * The pid of the living manager that the file names; null if it is dead, or if another user can have written the file.
 */
function livingHolder(file: string): number | null {
  let text: string | null;
  try {
    text = readOwnFile(file);
  } catch (error) {
    if (error instanceof UnsuitableFile) return null;
    if (['ENOENT', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
  const { pid, identity } = parse(text ?? '');
  const lives = typeof pid === 'number' && typeof identity === 'string' && identityOf(pid) === identity;
  return lives && pid !== process.pid ? pid : null;
}

function parse(text: string): { readonly pid?: unknown; readonly identity?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { pid?: unknown; identity?: unknown };
  } catch {
    return {};
  }
}

/** Removes the lock only if it is still this manager's. Another manager may have replaced it after it was removed. */
function releaseOwn(file: string): void {
  try {
    const { pid } = parse(readFileSync(file, 'utf8'));
    if (pid === process.pid) rmSync(file, { force: true });
  } catch {
    // It is gone, or cannot be removed. That is harmless: the lock of a dead manager stops no other manager.
  }
}
