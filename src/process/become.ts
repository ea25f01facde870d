/** From what the manager spawns to the program of an instance: its user, its descriptor limit, and its own pid for `LISTEN_PID`. */
import { existsSync, readFileSync } from 'node:fs';
import type { Credentials } from '../config/types.ts';

/** What to hand to spawn(). With `uid` and `gid` the system call switches the user, without them the words do. */
export interface Becoming {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

export interface BecomeRequest {
  /** An absolute path, or a name that `PATH` does not have. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly credentials: Credentials;
  /** It inherits sockets: `LISTEN_PID` is its own pid (sd_listen_fds(3)), which is not known before the process exists. */
  readonly listens: boolean;
}

/** Names that every shell hands on; of others dash and busybox drop the variable. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** A shell gives these values of its own, and does not let a script assign all of them. Nothing is done about them. */
const OF_THE_SHELL = /^(?:OPTIND|PPID|UID|EUID|BASHOPTS|SHELLOPTS|BASH_VERSINFO)$/;
/** What a shell acts on, or changes, before the script begins. */
const ACTED_ON = ['IFS', 'BASH_ENV', 'PS1', 'PS2'];
/** Hands on every name (measured with 5.2). */
const SHELL_OF_ALL_NAMES = ['/bin/bash', '/usr/bin/bash'];
/** Never looked up in a PATH that a service's files could have set: it runs as root. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv', '/sbin/setpriv', '/usr/sbin/setpriv'];
const SHIELD = 'ALTERNATE_ENV_';

/**
 * The soft limit of open files that the manager was started with, where Node has raised it since (it raises it to the
 * hard limit at its start); null where nothing is to be restored. The entry's shell has recorded it.
 */
const softLimit = ((): string | null => {
  const recorded = process.env['ALTERNATE_NOFILE_SOFT'] ?? '';
  if (!/^\d+$/.test(recorded)) return null;
  try {
    const now = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return now === recorded ? null : recorded;
  } catch {
    // Not Linux: the shell sets it in any case.
    return recorded;
  }
})();

/**
 * The process keeps its pid through all of this: every word becomes the next one by exec.
 *
 * Supplementary groups are the user's own, as systemd, su and supervisord set them. libuv can only drop all groups, so
 * setpriv(1) switches the user. It runs as root, and a service's user may write the env file: `LD_PRELOAD` of that file
 * must not reach it. So it gets every variable under another name, and a shell that runs as the user already gives the
 * names back.
 * @returns a reason where it cannot be done
 */
export function become(
  request: BecomeRequest,
): { readonly ok: true; readonly becoming: Becoming } | { readonly ok: false; readonly reason: string } {
  const { program, args, env, credentials, listens } = request;
  const { uid, gid } = credentials;
  const ids = { ...(uid !== null && { uid }), ...(gid !== null && { gid }) };
  const switched = uid !== null && uid !== process.getuid?.() && process.platform === 'linux';
  const odd = Object.keys(env).filter((name) => !PLAIN.test(name));
  if (!switched && !listens && (softLimit === null || odd.length > 0))
    return { ok: true, becoming: { file: program, args, env, ids } };
  const shell = shellFor(odd);
  if (shell === null) {
    const reason = `no shell hands on the variable ${JSON.stringify(odd[0])}: install bash, or rename it`;
    return { ok: false, reason };
  }
  const shielded = Object.keys(env).filter(
    (name) => PLAIN.test(name) && !OF_THE_SHELL.test(name) && (switched || ACTED_ON.includes(name)),
  );
  const given = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [shielded.includes(name) ? SHIELD + name : name, value]),
  );
  const script = [
    ...(softLimit === null ? [] : [`ulimit -Sn ${softLimit} 2>/dev/null`]),
    ...shielded.map((name) => `export ${name}="$${SHIELD}${name}"; unset ${SHIELD}${name}`),
    ...(listens ? ['export LISTEN_PID=$$'] : []),
    'exec "$@"',
  ].join('\n');
  const words = [shell, '-c', script, 'sh', program, ...args];
  if (!switched) {
    const [file = shell, ...rest] = words;
    return { ok: true, becoming: { file, args: rest, env: given, ids } };
  }
  const setpriv = SETPRIV.find((file) => existsSync(file));
  if (setpriv === undefined)
    return { ok: false, reason: 'setpriv is missing, which switches the user: install util-linux' };
  return {
    ok: true,
    becoming: {
      file: setpriv,
      args: [
        `--reuid=${uid}`,
        `--regid=${gid ?? uid}`,
        credentials.known ? '--init-groups' : '--clear-groups',
        '--',
        ...words,
      ],
      env: given,
      ids: {},
    },
  };
}

/** Null where these names cannot be handed on. */
function shellFor(odd: readonly string[]): string | null {
  if (odd.length === 0) return '/bin/sh';
  return SHELL_OF_ALL_NAMES.find((file) => existsSync(file)) ?? null;
}
