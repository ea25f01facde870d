/**
 * The configuration as it is written in a file, before defaults are filled in. Generated from
 * schema/alternate.schema.json by scripts/generate.ts: do not edit.
 */

/**
 * Text, split into words as a POSIX shell splits it (quotes, backslashes, comments), or a list of words, taken as they are. No shell runs: nothing is expanded, and `|`, `&`, `;`, `<`, `>`, `$` and `*` are plain characters. A line break separates words as a space does.
 */
export type RawCommand = string | [string | number, ...(string | number)[]];
/**
 * A length of time as Go writes it: numbers with a unit each, `h`, `m`, `s`, `ms`, `us` or `ns`, as in `15s`, `1m30s`, `1.5h` or `500ms`. `0` alone needs no unit; any other number without one is a mistake. The longest is about 24 days.
 */
export type RawDuration = string | 0;
/**
 * Where a socket listens: `host:port`, `[ipv6]:port`, `:port` (every address of the machine), or `unix:path`.
 */
export type RawListenAddress = string | number;
/**
 * The name of a signal, with or without `SIG`, in any case.
 */
export type RawSignal = string;
/**
 * A duration, or `never`.
 */
export type RawDurationOrNever = string | 0;
/**
 * A number of bytes with a unit: `B`, `KB`, `MB`, `GB` count in thousands, `KiB`, `MiB`, `GiB` in 1024s.
 */
export type RawSize = string;

/**
 * The configuration of alternate: the services to keep running, and how each is replaced without a gap.
 */
export interface RawConfig {
  /**
   * Where this schema lies, for editors; it has no other effect.
   */
  $schema?: string;
  control?: RawControl;
  /**
   * Keys for every service; any key of a service may stand here. A service's own key wins and replaces the whole value: a `stop` of its own takes nothing from the `stop` in `defaults`. An `onRotate` here is meant for the services without parameters and ignored by the others.
   */
  defaults?: RawService;
  /**
   * The services, by name. A name starts with a letter or a digit, and holds letters, digits, `.`, `_` and `-`.
   */
  services: {
    [k: string]: RawService;
  };
}
/**
 * The control socket, over which `alternate status`, `rotate` and the other commands reach the manager.
 */
export interface RawControl {
  /**
   * The socket's path, at most 107 bytes long, or `false` for no socket at all. Without it the socket is a file of its own, named after the configuration, in `/run/alternate` for root, else in `$XDG_RUNTIME_DIR/alternate` or a folder of the user's own.
   */
  socket?: string | false;
  /**
   * The socket's permissions, octal and in quotes. Its owner must be able to read and write.
   */
  mode?: string;
}
/**
 * One service: a command, the parameters that it alternates between, and how it is replaced.
 */
export interface RawService {
  /**
   * The program and its arguments. Each instance runs it with the next parameter in the place of `%alt`. Every service needs one, of its own or from `defaults`.
   */
  command?: RawCommand;
  /**
   * What the instances alternate between: at least two values that differ as text. Numbers are taken as they are written. A service with nothing to alternate has no such key; see `onRotate`. Beside `listen` they are `[blue, green]` where they are left out.
   *
   * @minItems 2
   */
  parameters?: [string | number, string | number, ...(string | number)[]];
  /**
   * How long both instances run, from the moment that the new one is ready until the old one is told to stop.
   */
  overlap?: RawDuration;
  /**
   * What a rotation does to a service without parameters: `restart` it (downtime), send its one instance a signal, or `none`, which refuses every rotation. Without this key `alternate rotate NAME` and a change of a watched file restart it, and a rotation of all services (SIGUSR1 to the manager, `alternate rotate --all`) leaves it alone. It cannot stand beside `parameters`.
   */
  onRotate?: string;
  /**
   * Files whose new content rotates the service: `true` for the command's program file, or a path, or a list of paths.
   */
  watch?: boolean | string | string[];
  /**
   * The working directory of the instances. Without it: the configuration file's folder.
   */
  cwd?: string;
  /**
   * Variables added to the manager's own environment.
   */
  env?: {
    [k: string]: string | number | boolean;
  };
  /**
   * A file of `NAME=value` lines, read again at every start: with quotes, `export` and `#` comments as usual, but nothing is expanded. `env` wins over it.
   */
  envFile?: string;
  /**
   * The user to run as, by name or id. Only a manager that runs as root can change it.
   */
  user?: string | number;
  /**
   * The group to run as, by name or id. Without it: the user's own group.
   */
  group?: string | number;
  ready?: RawReady;
  /**
   * Where an instance listens: `host:port`, `[ipv6]:port`, or a port alone (127.0.0.1). `alternate export` puts it into the proxy's configuration; without it, the address that `ready` names is used. An instance is not started while another process answers there, or where `ready` connects to: that process would answer for the instance. Two services cannot have the same address.
   */
  address?: string | number;
  route?: RawRoute;
  /**
   * Sockets that the manager opens and every instance inherits, from descriptor 3 on, by systemd's protocol (`LISTEN_FDS`, `LISTEN_PID`, `LISTEN_FDNAMES`) and by Server::Starter's (`SERVER_STARTER_PORT`): connections that come while instances change wait in the kernel. One address, a list, a mapping of names to addresses, or a mapping with `address`, `backlog` and `mode` in the place of any address. With it `parameters` may be left out; they are then `[blue, green]`. `ready` is `output`, `exec` or `notify`, since a connection says nothing about the new instance. No proxy is needed.
   */
  listen?:
    | RawListenAddress
    | [RawListenAddress | RawListenSocket, ...(RawListenAddress | RawListenSocket)[]]
    | {
        [k: string]: RawListenAddress | RawListenSocket;
      };
  stop?: RawStop;
  /**
   * When an instance that exited outside a rotation is started again: a policy alone, or a mapping with the rest.
   */
  restart?: ('always' | 'on-failure' | 'never') | RawRestartRules;
  /**
   * Where the output of the instances goes: `prefix` copies each line with the service and the parameter in front, `inherit` hands them the manager's own stdout and stderr, `ignore` drops it; or a file.
   */
  output?: ('prefix' | 'inherit' | 'ignore') | RawOutputFile;
  hooks?: RawHooks;
}
/**
 * How an instance shows that it is ready: exactly one of `http`, `tcp`, `exec`, `output` and `notify`. Without this key it is ready as soon as it has started.
 */
export interface RawReady {
  /**
   * A URL that is asked until it answers with 2xx or 3xx. Beside `parameters` its host or port must depend on the parameter: otherwise the old instance would answer for the new one.
   */
  http?: string;
  /**
   * An address that is tried until it accepts a connection: `host:port`, `[ipv6]:port`, `:port` or a port alone, which are ports of 127.0.0.1. Beside `parameters` it must depend on the parameter, as with `http`.
   */
  tcp?: string | number;
  /**
   * A command that is run until it exits with 0.
   */
  exec?: RawCommand;
  /**
   * A regular expression (JavaScript's), tried on every line of the instance's output. The parameter stands in it as plain text.
   */
  output?: string;
  /**
   * The instance says so itself: with a newline or `READY=1`, written to the descriptor whose number is in `NOTIFY_FD`.
   */
  notify?: true;
  /**
   * The time between two tries.
   */
  interval?: RawDuration;
  /**
   * An instance that is not ready by then is stopped: the rotation has failed, and the old instance stays.
   */
  timeout?: RawDuration;
}
/**
 * Who is told which instance takes new requests: exactly one of `files` and `haproxy`. The new instance is routed to as soon as it is ready, and the old one is told to stop an overlap later; if the new one dies before that, the route goes back first. `alternate export` prints what belongs into the proxy's configuration.
 */
export interface RawRoute {
  /**
   * A folder in which a file named after the parameter exists exactly while that instance takes new requests: nginx, Apache, Caddy or a script looks for it at each request, without a reload. The folder is made where it is missing; other files in it are left alone.
   */
  files?: string;
  haproxy?: RawHaproxy;
}
/**
 * HAProxy is told over its runtime API: the server of the new instance becomes `ready`, the other ones `drain`. A HAProxy that was restarted is told again.
 */
export interface RawHaproxy {
  /**
   * The path of HAProxy's stats socket; it needs `level admin`.
   */
  socket: string;
  /**
   * The backend's name.
   */
  backend: string;
  /**
   * The name of an instance's server in that backend, with `%alt` in it.
   */
  server: string;
}
/**
 * One listening socket with its settings.
 */
export interface RawListenSocket {
  address: RawListenAddress;
  /**
   * How many connections wait in the kernel until an instance accepts them; Linux allows as many as `net.core.somaxconn` says.
   */
  backlog?: number;
  /**
   * The permissions of a unix socket, octal and in quotes.
   */
  mode?: string;
}
/**
 * How an instance is told to stop.
 */
export interface RawStop {
  /**
   * The signal, sent to the whole process group.
   */
  signal?: RawSignal;
  /**
   * After this long the whole process group gets KILL; `never` for no KILL.
   */
  timeout?: RawDurationOrNever;
}
/**
 * When and how often an instance that exited outside a rotation is started again: at once the first time, then after `delay`, doubled each time up to `maxDelay`.
 */
export interface RawRestartRules {
  /**
   * `always` after any exit, `on-failure` after an exit with a code other than 0 or by a signal, or `never`.
   */
  policy?: 'always' | 'on-failure' | 'never';
  /**
   * The wait before the second restart in a row; doubled before each further one.
   */
  delay?: RawDuration;
  /**
   * The longest wait.
   */
  maxDelay?: RawDuration;
  /**
   * After so many restarts in a row the service has failed, until a rotation, `alternate start` or a reload asks for it again.
   */
  maxAttempts?: number;
  /**
   * An instance that has run this long ends the row.
   */
  resetAfter?: RawDuration;
}
/**
 * Output into a file, moved aside when it has grown too large.
 */
export interface RawOutputFile {
  /**
   * The file's path.
   */
  file: string;
  /**
   * A file of this size is moved aside and a new one begun. Without it the file grows.
   */
  maxSize?: RawSize;
  /**
   * How many old files are kept beside it, as `.1`, `.2` and so on.
   */
  maxFiles?: number;
}
/**
 * Commands that are run around a rotation, without a shell. Beside the instance's environment they get `ALTERNATE_PID`, `ALTERNATE_PREVIOUS_PARAMETER`, `ALTERNATE_PREVIOUS_PID` and `ALTERNATE_EVENT`.
 */
export interface RawHooks {
  /**
   * Before an instance is started. A failure fails the rotation.
   */
  beforeStart?: RawCommand;
  /**
   * Once the new instance is ready. A failure fails the rotation.
   */
  afterReady?: RawCommand;
  /**
   * Before the old instance is told to stop. A failure is only reported.
   */
  beforeStop?: RawCommand;
  /**
   * After a completed rotation. A failure is only reported.
   */
  afterRotate?: RawCommand;
}
