/** Builds the environment of an instance. */
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { parseEnvFile } from './env-file.ts';
import type { InstanceSpec } from '../config/instance.ts';
import type { Credentials } from '../config/types.ts';
import { describeAccess, findForeignAccess, mayDo, maySearch, ownUsers, READ } from '../util/path-owners.ts';
import { readRegular, UnsuitableFile } from '../util/regular-file.ts';
import { failure, success, type Result } from '../util/result.ts';

/**
 * Variables from an init system or a parent manager to this manager. An instance with them would answer in its place.
 */
const NOT_HANDED_DOWN = [
  'NOTIFY_SOCKET',
  'NOTIFY_FD',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'SERVER_STARTER_PORT',
  // The entry's shell sets it for this manager.
  'ALTERNATE_NOFILE_SOFT',
];

/** In bytes. execve(2) takes at most 6 MiB of arguments and environment together. */
const LARGEST_ENV_FILE = 6 * 1024 * 1024;

/** Facts about this manager in the environment of every instance and hook. */
export interface ManagerFacts {
  /** The configuration's real path; null for the classic form. */
  readonly config: string | null;
  /** The control socket's path; null if there is none. */
  readonly socket: string | null;
}

/**
 * The environment of an instance: the manager's, then its user's, then `envFile`, then `env`, then `ALTERNATE_*`. A
 * later value wins. The file is read at every call, so that an instance starts with its current content. Fails if the
 * file cannot be read or has an error.
 */
export function environmentOf(spec: InstanceSpec, manager: ManagerFacts): Result<Record<string, string>> {
  const file = readEnvFile(spec);
  if (!file.ok) return file;
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) inherited[name] = value;
  for (const name of NOT_HANDED_DOWN) Reflect.deleteProperty(inherited, name);
  const own = {
    ALTERNATE_SERVICE: spec.service,
    ALTERNATE_PARAMETER: spec.parameter ?? '',
    ...(manager.config !== null && { ALTERNATE_CONFIG: manager.config }),
    ...(manager.socket !== null && { ALTERNATE_SOCKET: manager.socket }),
  };
  return success({ ...inherited, ...spec.credentials.env, ...file.value, ...spec.env, ...own });
}

function readEnvFile({ envFile: path, credentials }: InstanceSpec): Result<Readonly<Record<string, string>>> {
  if (path === null) return success({});
  let text: string;
  try {
    const refuse = (file: Stats, realPath: string) => readRefusal(path, file, realPath, credentials);
    text = readRegular(path, LARGEST_ENV_FILE, refuse).toString('utf8');
  } catch (error) {
    // The message of another error contains the path.
    const named = error instanceof UnsuitableFile ? `the env file ${path}` : 'the env file';
    return failure(`${named} cannot be read: ${(error as Error).message}`);
  }
  const parsed = parseEnvFile(text);
  if (parsed.ok) return parsed;
  const [error] = parsed.reason;
  return failure(`${path}:${error?.line ?? 0}: ${error?.reason ?? 'not readable'}`);
}

/**
 * Why root refuses to read a file for an instance; null if it does not. A user who controls the path could lead root to
 * a file that neither this user nor the instance's user may read. The instance would then get its content.
 */
function readRefusal(path: string, file: Stats, realPath: string, { uid, gid }: Credentials): string | null {
  if (process.getuid?.() !== 0 || uid === null || uid === 0) return null;
  const access = findForeignAccess(path, ownUsers(), 'way');
  if (access === null) return null;
  const reads = (user: number, group: number | null): boolean =>
    mayDo(file, READ, user, group) && maySearch(dirname(realPath), user, group);
  if (reads(uid, gid) || (access.who === 'owner' && reads(access.uid, null))) return null;
  return `the instance's user may not read it, and another user can change where the path leads: ${describeAccess(access)}`;
}
