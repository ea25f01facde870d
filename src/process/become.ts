/**
 * Prepares the command that the manager spawns, so that the program gets its user, descriptor limit and `LISTEN_PID`.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Credentials } from '../config/types.ts';
import { failure, success, type Result } from '../util/result.ts';

/** The arguments of spawn(). The user is switched by `ids`, or by setpriv(1) in the words if `ids` is empty. */
export interface Becoming {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `/` if the shell, which runs as the user, changes to the working directory. */
  readonly cwd: string;
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

export interface BecomeRequest {
  /** An absolute path, or a name that `PATH` does not have. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The working directory. It must exist. */
  readonly cwd: string;
  readonly credentials: Credentials;
  /**
   * Whether it inherits sockets. Then `LISTEN_PID` is its own pid (sd_listen_fds(3)), which is unknown before the
   * process exists.
   */
  readonly listens: boolean;
}

/** Every shell passes on variables with these names. dash and busybox drop variables with other names. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** A shell sets these itself, and a script may not assign all of them. They are left alone. */
const OF_THE_SHELL = /^(?:OPTIND|PPID|UID|EUID|BASHOPTS|SHELLOPTS|BASH_VERSINFO)$/;
/** Variables that a shell uses or changes before the script begins. */
const ACTED_ON = ['IFS', 'BASH_ENV', 'PS1', 'PS2'];
/** bash passes on every name (measured with 5.2). */
const SHELL_OF_ALL_NAMES = ['/bin/bash', '/usr/bin/bash'];
/** setpriv runs as root, so it is not searched for in a PATH that a service's files may have set. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv', '/sbin/setpriv', '/usr/sbin/setpriv'];
const SHIELD = 'ALTERNATE_ENV_';
/** The names whose variables are shielded, in one variable: an argument is limited to 128 KiB (execve(2)). */
const SHIELDED_NAMES = 'ALTERNATE_SHIELDED';
/** Restores the names. They consist of letters, digits and `_`, so `eval` is safe. */
const RESTORE = `for ALTERNATE_N in $${SHIELDED_NAMES}; do
  eval "export $ALTERNATE_N=\\"\\$${SHIELD}$ALTERNATE_N\\"; unset ${SHIELD}$ALTERNATE_N"
done
unset ALTERNATE_N ${SHIELDED_NAMES}`;

/**
 * The soft limit of open files that the manager was started with. Node.js raises it to the hard limit at its start, so
 * the entry's shell records it before. Null if there is nothing to restore.
 */
const SOFT_LIMIT = ((): string | null => {
  const recorded = process.env['ALTERNATE_NOFILE_SOFT'] ?? '';
  if (!/^\d+$/.test(recorded)) return null;
  try {
    const now = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return now === recorded ? null : recorded;
  } catch {
    // Not Linux: the limit is unknown, so the shell always sets it.
    return recorded;
  }
})();

/**
 * Each program of the command replaces itself by the next one with exec, so the process keeps its pid.
 *
 * The process gets the supplementary groups of its user, as with systemd, su and supervisord. libuv can only drop all
 * groups, so setpriv(1) switches the user. setpriv runs as root, and a service's user may write the env file:
 * `LD_PRELOAD` from that file must not reach setpriv. So setpriv gets every variable under another name. A shell that
 * already runs as the user restores the names. That shell also changes to the working directory: root would follow a
 * link of the user into a folder that the user may not enter.
 */
export function become(request: BecomeRequest): Result<Becoming> {
  const { program, args, env, cwd, credentials, listens } = request;
  const { uid, gid } = credentials;
  const ids = { ...(uid !== null && { uid }), ...(gid !== null && { gid }) };
  const switched = uid !== null && uid !== process.getuid?.() && process.platform === 'linux';
  const odd = Object.keys(env).filter((name) => !PLAIN.test(name));
  if (!switched && !listens && (SOFT_LIMIT === null || odd.length > 0))
    return success({ file: program, args, env, cwd, ids });
  const shell = shellFor(odd);
  if (shell === null)
    return failure(
      `no installed shell passes on the variable ${JSON.stringify(odd[0])}: install bash, or rename the variable`,
    );
  const shielded = Object.keys(env).filter(
    (name) => PLAIN.test(name) && !OF_THE_SHELL.test(name) && (switched || ACTED_ON.includes(name)),
  );
  const isShielded = new Set(shielded);
  const given = {
    ...Object.fromEntries(
      Object.entries(env).map(([name, value]) => [isShielded.has(name) ? SHIELD + name : name, value]),
    ),
    ...(shielded.length > 0 && { [SHIELDED_NAMES]: shielded.join(' ') }),
  };
  const script = [
    ...(SOFT_LIMIT === null ? [] : [`ulimit -Sn ${SOFT_LIMIT} 2>/dev/null`]),
    // Before the names are restored: CDPATH changes what `cd` does.
    ...(switched ? ['cd -- "$1" || exit 126', 'shift'] : []),
    ...(shielded.length > 0 ? [RESTORE] : []),
    ...(listens ? ['export LISTEN_PID=$$'] : []),
    'exec "$@"',
  ].join('\n');
  const words = [shell, '-c', script, 'sh', ...(switched ? [cwd] : []), program, ...args];
  if (!switched) {
    const [file = shell, ...rest] = words;
    return success({ file, args: rest, env: given, cwd, ids });
  }
  const setpriv = SETPRIV.find((file) => existsSync(file));
  if (setpriv === undefined)
    return failure('setpriv, which switches the user, is missing: install util-linux');
  return success({
    file: setpriv,
    args: [
      `--reuid=${uid}`,
      `--regid=${gid ?? uid}`,
      credentials.known ? '--init-groups' : '--clear-groups',
      '--',
      ...words,
    ],
    env: given,
    cwd: '/',
    ids: {},
  });
}

/** A shell that passes on variables with these names; null if there is none. */
function shellFor(odd: readonly string[]): string | null {
  if (odd.length === 0) return '/bin/sh';
  return SHELL_OF_ALL_NAMES.find((file) => existsSync(file)) ?? null;
}
