/**
 * The configuration after validation: every default is filled in, every path is absolute, durations are in milliseconds
 * and sizes in bytes. Only `config/` sees the raw form.
 */

/** A signal's full name, for instance `SIGTERM`. */
export type SignalName = NodeJS.Signals;

/** One value of a service's list. `null` stands for the single instance of a service without parameters. */
export type Parameter = string | null;

/** The words of a command. They may contain `%alt`. The first word names the program. */
export type CommandTemplate = readonly string[];

/** How an instance shows that it is ready. `intervalMs` is the time between two tries, `timeoutMs` the limit. */
export type Ready = { readonly intervalMs: number; readonly timeoutMs: number } & (
  | { readonly type: 'http'; readonly url: string }
  /** `address` is `host:port`, `[ipv6]:port`, `:port` or a port alone (127.0.0.1). */
  | { readonly type: 'tcp'; readonly address: string }
  | { readonly type: 'exec'; readonly command: CommandTemplate }
  /** `pattern` is the source of a regular expression. It is matched against each line of stdout and stderr. */
  | { readonly type: 'output'; readonly pattern: string }
  /** A newline or `READY=1` on the descriptor named by `NOTIFY_FD`. */
  | { readonly type: 'notify' }
);

/** How an instance is stopped. `timeoutMs: null`: it is never killed. */
export interface Stop {
  readonly signal: SignalName;
  readonly timeoutMs: number | null;
}

/** What follows an exit outside a rotation. After `maxAttempts` consecutive restarts the service has failed. */
export interface Restart {
  readonly policy: 'always' | 'on-failure' | 'never';
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly maxAttempts: number;
  /** An instance that runs this long ends the series of crashes. */
  readonly resetAfterMs: number;
}

/** How the proxy is notified which instance takes new requests. */
export type Route =
  /** An absolute folder. A file with the name of the parameter exists in it while that instance takes new requests. */
  | { readonly type: 'files'; readonly folder: string }
  /** `socket` is the absolute path of HAProxy's runtime API. `server` contains `%alt`. */
  | { readonly type: 'haproxy'; readonly socket: string; readonly backend: string; readonly server: string };

/** Where a socket listens. A host is an IP address or a name. `host: null` is every address of the machine. */
export type ListenAddress =
  | { readonly type: 'tcp'; readonly host: string | null; readonly port: number }
  /** `path` is absolute. */
  | { readonly type: 'unix'; readonly path: string; readonly mode: number };

/** A socket that the manager opens and that every instance inherits. `name` is for `LISTEN_FDNAMES`. */
export interface ListenSocket {
  readonly name: string;
  readonly address: ListenAddress;
  /** The number of connections that may wait to be accepted; listen(2). */
  readonly backlog: number;
}

/** Where stdout and stderr of an instance go. */
export type Output =
  | { readonly type: 'prefix' }
  | { readonly type: 'inherit' }
  | { readonly type: 'ignore' }
  /** `file` is absolute and may contain `%alt`. `maxFiles` old files are kept beside it as `.1`, `.2`, … */
  | {
      readonly type: 'file';
      readonly file: string;
      readonly maxSizeBytes: number | null;
      readonly maxFiles: number;
    };

export type HookName = 'beforeStart' | 'afterReady' | 'beforeStop' | 'afterRotate';

/** The user and group of an instance. The ids are looked up when the configuration is read. */
export interface Credentials {
  readonly uid: number | null;
  readonly gid: number | null;
  /** The user has an entry in passwd(5) or in a directory service, and so a list of groups. */
  readonly known: boolean;
  /** `USER`, `LOGNAME` and `HOME`, as systemd sets them for `User=`. Empty without `user`. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What a rotation does: with parameters it alternates. Without parameters it restarts, sends a signal or is refused.
 */
export type OnRotate =
  | { readonly type: 'alternate' }
  /** `byNameOnly`: `onRotate` is not given, so a rotation of all services leaves this one alone. */
  | { readonly type: 'restart'; readonly byNameOnly?: true }
  | { readonly type: 'signal'; readonly signal: SignalName }
  /** Every rotation is refused. */
  | { readonly type: 'none' };

/** The rules of a rotation that differ between the classic form and a service of a file. */
export interface RotationPolicy {
  /** A request during a rotation: keep it for one more rotation, or refuse it. */
  readonly whileRotating: 'fold' | 'refuse';
  /** A retiring instance still uses the next parameter: wait until it is gone, or refuse. */
  readonly parameterInUse: 'wait' | 'refuse';
}

export interface ServiceConfig {
  readonly name: string;
  readonly command: CommandTemplate;
  /** At least two different ones, or `[null]` for a service without parameters. The classic form has one or more. */
  readonly parameters: readonly [Parameter, ...Parameter[]];
  readonly overlapMs: number;
  readonly onRotate: OnRotate;
  readonly rotation: RotationPolicy;
  /** Absolute paths whose content is watched. `program` stands for the command's program file. */
  readonly watch: readonly (string | { readonly program: true })[];
  /** The folder of relative paths: that of the configuration file, or the working directory for the classic form. */
  readonly baseDir: string;
  /** May contain `%alt`. Absolute unless it begins with `%alt`. */
  readonly cwd: string;
  /** The values may contain `%alt`. */
  readonly env: Readonly<Record<string, string>>;
  /** May contain `%alt`. Absolute unless it begins with `%alt`. Read again at each launch. */
  readonly envFile: string | null;
  readonly credentials: Credentials;
  /** `null`: ready as soon as started. */
  readonly ready: Ready | null;
  /** Where an instance listens. May contain `%alt`. `null`: not given. */
  readonly address: string | null;
  /** `null`: no proxy is notified. Only services with parameters have a route. */
  readonly route: Route | null;
  /** Inherited from descriptor 3 on, in this order. */
  readonly listen: readonly ListenSocket[];
  readonly stop: Stop;
  readonly restart: Restart;
  readonly output: Output;
  readonly hooks: Readonly<Partial<Record<HookName, CommandTemplate>>>;
}

/**
 * The keys that apply to running instances without a new process. `onRotate` is one of them if the service has no
 * parameters before and after the change.
 */
export type Settings = Pick<ServiceConfig, 'overlapMs' | 'stop' | 'restart' | 'watch' | 'hooks' | 'onRotate'>;

export interface Config {
  /** The file's real path. `null` for the classic form. */
  readonly path: string | null;
  /** `null`: no control socket. `path: null`: the default place for this configuration. */
  readonly control: { readonly path: string | null; readonly mode: number } | null;
  readonly services: readonly ServiceConfig[];
}
