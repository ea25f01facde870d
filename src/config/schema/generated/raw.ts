/**
 * The configuration as it is written in a file, before defaults are filled in. Generated from
 * schema/alternate.schema.json by scripts/generate.ts: do not edit.
 */

/**
 * A text or a list of words. A text is split into words as a POSIX shell does (quotes, backslashes, comments). The words of a list are taken as they are. No shell runs: nothing is expanded, and `|`, `&`, `;`, `<`, `>`, `$` and `*` are plain characters. A line break separates words, like a space.
 */
export type RawCommand = string | [string | number, ...(string | number)[]];
/**
 * A Go duration: one or more numbers, each with a unit (`h`, `m`, `s`, `ms`, `us` or `ns`). Examples: `15s`, `1m30s`, `1.5h`, `500ms`. `0` alone needs no unit. Any other number without a unit is an error. The longest duration is about 24 days.
 */
export type RawDuration = string | 0;
/**
 * The address of a listening socket: `host:port`, `[ipv6]:port`, `:port` (every address of the machine), or `unix:path`.
 */
export type RawListenAddress = string | number;
/**
 * The name of a signal, with or without `SIG`, in upper or lower case.
 */
export type RawSignal = string;
/**
 * A duration, or `never`.
 */
export type RawDurationOrNever = string | 0;
/**
 * A number of bytes with a unit. `KB`, `MB` and `GB` are powers of 1000. `KiB`, `MiB` and `GiB` are powers of 1024. `B` is one byte.
 */
export type RawSize = string;

/**
 * The configuration of alternate: the services that it keeps running, and how it replaces each of them without a gap.
 */
export interface RawConfig {
  /**
   * The path or URL of this schema, for editors. It has no other effect.
   */
  $schema?: string;
  control?: RawControl;
  /**
   * Keys for every service. Any key of a service is allowed here. A service's own key replaces the whole value: if a service has its own `stop`, it takes nothing from the `stop` in `defaults`. An `onRotate` here applies to services without parameters. Other services ignore it.
   */
  defaults?: RawService;
  /**
   * The services, by name. A name starts with a letter or a digit, and contains only letters, digits, `.`, `_` and `-`.
   */
  services: {
    [k: string]: RawService;
  };
}
/**
 * The control socket. `alternate status`, `alternate rotate` and the other commands use it to reach the manager.
 */
export interface RawControl {
  /**
   * The socket's path, at most 107 bytes long, or `false` for no socket. Without this key the socket is a file named after the configuration's absolute path as it was named (links kept). The file lies in `/run/alternate` (root), in `$XDG_RUNTIME_DIR/alternate`, or in a folder of the user's own in the temporary folder.
   */
  socket?: string | false;
  /**
   * The socket's permissions, octal and in quotes. The owner must be able to read and write.
   */
  mode?: string;
}
/**
 * One service: a command, the parameters that it alternates between, and how it is replaced.
 */
export interface RawService {
  /**
   * The program and its arguments. Each instance runs it with the next parameter in the place of `%alt`. Every service needs a command, its own or the one from `defaults`.
   */
  command?: RawCommand;
  /**
   * The values that the instances alternate between: at least two values that differ as text. Numbers are taken as they are written. A service with nothing to alternate leaves this key out; see `onRotate`. A service with `listen` may leave it out too; the parameters are then `[blue, green]`.
   *
   * @minItems 2
   */
  parameters?: [string | number, string | number, ...(string | number)[]];
  /**
   * How long both instances run: from the new instance being ready until the stop signal to the old one.
   */
  overlap?: RawDuration;
  /**
   * What a rotation does to a service without parameters. `restart` stops the instance and starts it again (downtime). A signal name sends that signal to the instance. `none` refuses every rotation. Without this key, `alternate rotate NAME` and a change of a watched file restart the service. A rotation of all services (SIGUSR1 to the manager, `alternate rotate --all`) leaves it alone. This key is not allowed beside `parameters`.
   */
  onRotate?: string;
  /**
   * The files that are watched: a change of their content rotates the service. `true` watches the command's program file. A path or a list of paths watches those files.
   */
  watch?: boolean | string | string[];
  /**
   * The working directory of the instances. The default is the configuration file's folder. With `user` and another folder, the user must be able to enter it.
   */
  cwd?: string;
  /**
   * Variables that are added to the manager's environment.
   */
  env?: {
    [k: string]: string | number | boolean;
  };
  /**
   * A file with `NAME=value` lines. It is read again at every start. Quotes, `export` and `#` comments work as usual, but nothing is expanded. A variable in `env` wins.
   */
  envFile?: string;
  /**
   * The user that the instances run as, by name or id. Only a manager that runs as root can change it.
   */
  user?: string | number;
  /**
   * The group that the instances run as, by name or id. The default is the user's own group.
   */
  group?: string | number;
  ready?: RawReady;
  /**
   * Where an instance listens: `host:port`, `[ipv6]:port`, or a port alone (127.0.0.1). `alternate export` writes it into the proxy's configuration. Without this key, `export` uses the address in `ready`. An instance is not started while another process answers at this address, or at the address in `ready`: that process would answer for the instance. Two services cannot have the same address.
   */
  address?: string | number;
  route?: RawRoute;
  /**
   * Sockets that the manager opens. Every instance inherits them, from descriptor 3 on, by systemd's protocol (`LISTEN_FDS`, `LISTEN_PID`, `LISTEN_FDNAMES`) and by Server::Starter's (`SERVER_STARTER_PORT`). No proxy is needed: connections that arrive while instances change wait in the kernel. The value is one address, a list of addresses, or a mapping of names to addresses. Each address may be a mapping with `address`, `backlog` and `mode`. `parameters` may be left out; they are then `[blue, green]`. `ready` is `output`, `exec` or `notify`: a connection may reach the old instance, so it proves nothing about the new one.
   */
  listen?:
    | RawListenAddress
    | [RawListenAddress | RawListenSocket, ...(RawListenAddress | RawListenSocket)[]]
    | {
        [k: string]: RawListenAddress | RawListenSocket;
      };
  stop?: RawStop;
  /**
   * When an instance that exited outside a rotation is started again. The value is a policy, or a mapping with all settings.
   */
  restart?: ('always' | 'on-failure' | 'never') | RawRestartRules;
  /**
   * Where the output of the instances goes. `prefix` copies each line, with the service and the parameter in front. `inherit` gives the instances the manager's own stdout and stderr. `ignore` discards the output. A mapping writes it to a file.
   */
  output?: ('prefix' | 'inherit' | 'ignore') | RawOutputFile;
  hooks?: RawHooks;
}
/**
 * How alternate finds out that an instance is ready: exactly one of `http`, `tcp`, `exec`, `output` and `notify`. Without this key an instance is ready as soon as it has started.
 */
export interface RawReady {
  /**
   * A URL that is requested until it answers with 2xx or 3xx. If the service has `parameters`, the host or port must contain `%alt`. Otherwise the old instance would answer for the new one.
   */
  http?: string;
  /**
   * An address that is tried until it accepts a connection: `host:port`, `[ipv6]:port`, `:port`, or a port alone. The last two forms mean 127.0.0.1. If the service has `parameters`, the address must contain `%alt`, as with `http`.
   */
  tcp?: string | number;
  /**
   * A command that is run again until it exits with 0.
   */
  exec?: RawCommand;
  /**
   * A JavaScript regular expression. It is tested on every line of the instance's output until one matches. `%alt` in it matches the parameter as plain text.
   */
  output?: string;
  /**
   * The instance reports it: it writes a newline or `READY=1` to the descriptor whose number is in `NOTIFY_FD`.
   */
  notify?: true;
  /**
   * The time between two tries.
   */
  interval?: RawDuration;
  /**
   * An instance that is not ready within this time is stopped. The rotation fails, and the old instance stays.
   */
  timeout?: RawDuration;
}
/**
 * How the proxy is notified which instance takes new requests: exactly one of `files` and `haproxy`. The new instance gets new requests as soon as it is ready. The old one is stopped one overlap later. If the new one dies before that, the route goes back first. `alternate export` prints what belongs in the proxy's configuration.
 */
export interface RawRoute {
  /**
   * A folder. A file in it, named after the parameter, exists exactly while that instance takes new requests. nginx, Apache, Caddy or a script looks for the file at each request, without a reload. If the folder is missing, it is created. Other files in it are left alone.
   */
  files?: string;
  haproxy?: RawHaproxy;
}
/**
 * HAProxy is notified over its runtime API: the server of the new instance is set to `ready`, the other servers to `drain`. After a restart of HAProxy this is set again.
 */
export interface RawHaproxy {
  /**
   * The path of HAProxy's stats socket. The socket needs `level admin`.
   */
  socket: string;
  /**
   * The backend's name.
   */
  backend: string;
  /**
   * The name of an instance's server in that backend. It contains `%alt`.
   */
  server: string;
}
/**
 * One listening socket with its settings.
 */
export interface RawListenSocket {
  address: RawListenAddress;
  /**
   * How many connections may wait in the kernel until an instance accepts them. Linux limits this to `net.core.somaxconn`.
   */
  backlog?: number;
  /**
   * The permissions of a unix socket, octal and in quotes.
   */
  mode?: string;
}
/**
 * How an instance is stopped.
 */
export interface RawStop {
  /**
   * The signal that is sent to the whole process group.
   */
  signal?: RawSignal;
  /**
   * The whole process group gets KILL after this time. `never`: no KILL.
   */
  timeout?: RawDurationOrNever;
}
/**
 * When and how often an instance that exited outside a rotation is started again. The first restart follows at once. The next one waits for `delay`. Each further one waits twice as long, up to `maxDelay`.
 */
export interface RawRestartRules {
  /**
   * `always`: after any exit. `on-failure`: after an exit with a code other than 0, or by a signal. `never`: no restart.
   */
  policy?: 'always' | 'on-failure' | 'never';
  /**
   * The wait before the second consecutive restart. It doubles before each further restart.
   */
  delay?: RawDuration;
  /**
   * The longest wait.
   */
  maxDelay?: RawDuration;
  /**
   * After this number of consecutive restarts the service has failed. A rotation, `alternate start` or a reload starts it again.
   */
  maxAttempts?: number;
  /**
   * If an instance runs for this time, the series of consecutive restarts ends.
   */
  resetAfter?: RawDuration;
}
/**
 * A file for the output. It is renamed when it is too large.
 */
export interface RawOutputFile {
  /**
   * The file's path.
   */
  file: string;
  /**
   * When the file has this size, it is renamed and a new file begins. Without this key the file grows without limit.
   */
  maxSize?: RawSize;
  /**
   * How many old files are kept, as `.1`, `.2` and so on.
   */
  maxFiles?: number;
}
/**
 * Commands that run around a rotation. No shell runs. In addition to the instance's environment they get `ALTERNATE_PID`, `ALTERNATE_PREVIOUS_PARAMETER`, `ALTERNATE_PREVIOUS_PID` and `ALTERNATE_EVENT`.
 */
export interface RawHooks {
  /**
   * Runs before an instance starts. A failure fails the rotation.
   */
  beforeStart?: RawCommand;
  /**
   * Runs when the new instance is ready. A failure fails the rotation.
   */
  afterReady?: RawCommand;
  /**
   * Runs before the old instance gets its stop signal. A failure is only reported.
   */
  beforeStop?: RawCommand;
  /**
   * Runs after a completed rotation. A failure is only reported.
   */
  afterRotate?: RawCommand;
}
