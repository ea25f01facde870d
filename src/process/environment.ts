import type { Stats } from 'node:fs';
import { parseEnvFile } from './env-file.ts';
import type { InstanceSpec } from '../config/instance.ts';
import type { Credentials } from '../config/types.ts';
import { describeHand, foreignHand, ownUsers } from '../util/path-owners.ts';
import { readRegular, UnsuitableFile } from '../util/regular-file.ts';

/** What an init system, or a manager above, told this one about itself; an instance that took it for its own would answer in its place. */
const NOT_HANDED_DOWN = [
  'NOTIFY_SOCKET',
  'NOTIFY_FD',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'SERVER_STARTER_PORT',
  // The entry's shell has recorded it for this manager.
  'ALTERNATE_NOFILE_SOFT',
];

/** In bytes. execve(2) takes at most 6 MiB of arguments and environment together. */
const LARGEST_ENV_FILE = 6 * 1024 * 1024;

/** What every instance and hook of this manager is told. */
export interface ManagerFacts {
  /** The configuration's real path; null for the classic form. */
  readonly config: string | null;
  /** The control socket's path; null where there is none. */
  readonly socket: string | null;
}

/**
 * The environment of an instance: the manager's, then its user's, then `envFile`, then `env`, then `ALTERNATE_*`.
 * The file is read at every call, so that an instance always starts with what stands in it now.
 * @returns a reason where the file cannot be read or has a mistake
 */
export function environmentOf(
  spec: InstanceSpec,
  manager: ManagerFacts,
): { ok: true; env: Record<string, string> } | { ok: false; reason: string } {
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
  return { ok: true, env: { ...inherited, ...spec.credentials.env, ...file.env, ...spec.env, ...own } };
}

function readEnvFile({
  envFile: path,
  credentials,
}: InstanceSpec): { ok: true; env: Record<string, string> } | { ok: false; reason: string } {
  if (path === null) return { ok: true, env: {} };
  let text: string;
  try {
    text = readRegular(path, LARGEST_ENV_FILE, (file) => betrayal(path, file, credentials)).toString('utf8');
  } catch (error) {
    const named = error instanceof UnsuitableFile ? `the env file ${path}` : 'the env file';
    return { ok: false, reason: `${named} cannot be read: ${(error as Error).message}` };
  }
  const parsed = parseEnvFile(text);
  if (parsed.ok) return parsed;
  const [mistake] = parsed.mistakes;
  return { ok: false, reason: `${path}:${mistake?.line ?? 0}: ${mistake?.reason ?? 'not readable'}` };
}

/**
 * Why root does not read a file for an instance: the user who rules the way to it could lead root to a file that
 * neither that user nor the instance's may read, and the instance would be given its content.
 */
function betrayal(path: string, file: Stats, { uid, gid }: Credentials): string | null {
  if (process.getuid?.() !== 0 || uid === null || uid === 0) return null;
  const hand = foreignHand(path, ownUsers(), 'way');
  const isReadable =
    (file.mode & 0o004) !== 0 || ((file.mode & 0o040) !== 0 && file.gid === gid) || file.uid === uid;
  if (hand === null || isReadable || file.uid === hand.uid) return null;
  return `the instance's user may not read it, and another user could have led there: ${describeHand(hand)}`;
}
