/**
 * The configuration past validation: every default filled in, every path absolute, every duration in
 * milliseconds and every size in bytes. Nothing outside `config/` sees the raw form.
 */

/** A signal's full name, for instance `SIGTERM`. */
export type SignalName = NodeJS.Signals;

/** One value of a service's list; `null` is the one instance of a service without parameters. */
export type Parameter = string | null;

/** The words of a command, `%alt` still in them; the first names the program. */
export type CommandTemplate = readonly string[];

/** How an instance shows that it is ready. `intervalMs` parts two tries; after `timeoutMs` it is not ready. */
export type Ready = { readonly intervalMs: number; readonly timeoutMs: number } & (
  | { readonly type: 'http'; readonly url: string }
  /** `address` is `host:port`, `[ipv6]:port`, `:port` or a port alone (127.0.0.1). */
  | { readonly type: 'tcp'; readonly address: string }
  | { readonly type: 'exec'; readonly command: CommandTemplate }
  /** `pattern` is the source of a regular expression, tried on every line of stdout and stderr. */
  | { readonly type: 'output'; readonly pattern: string }
  /** A newline or `READY=1` on the descriptor named by `NOTIFY_FD`. */
  | { readonly type: 'notify' }
);

/** How an instance is told to stop. `timeoutMs: null` means it is never killed. */
export interface Stop {
  readonly signal: SignalName;
  readonly timeoutMs: number | null;
}

/** What follows an exit outside a rotation. `maxAttempts` restarts in a row, then the service has failed. */
export interface Restart {
  readonly policy: 'always' | 'on-failure' | 'never';
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly maxAttempts: number;
  /** An instance that ran this long ends the row of crashes. */
  readonly resetAfterMs: number;
}

/** Who is told which instance takes new requests. */
export type Route =
  /** An absolute folder; a file in it named after the parameter exists exactly while that instance takes them. */
  | { readonly type: 'files'; readonly folder: string }
  /** `socket` is HAProxy's runtime API (absolute path), `server` holds `%alt`. */
  | { readonly type: 'haproxy'; readonly socket: string; readonly backend: string; readonly server: string };

/** Where a socket listens. `host: null` is every address of the machine; a host is an IP address or a name. */
export type ListenAddress =
  | { readonly type: 'tcp'; readonly host: string | null; readonly port: number }
  /** Absolute. */
  | { readonly type: 'unix'; readonly path: string; readonly mode: number };

/** A socket that the manager opens and every instance inherits; `name` is for `LISTEN_FDNAMES`. */
export interface ListenSocket {
  readonly name: string;
  readonly address: ListenAddress;
  /** Connections that may wait until somebody accepts them; listen(2). */
  readonly backlog: number;
}

/** Where stdout and stderr of an instance go. */
export type Output =
  | { readonly type: 'prefix' }
  | { readonly type: 'inherit' }
  | { readonly type: 'ignore' }
  /** `file` is absolute and may hold `%alt`; `maxFiles` old files are kept beside it as `.1`, `.2`, … */
  | {
      readonly type: 'file';
      readonly file: string;
      readonly maxSizeBytes: number | null;
      readonly maxFiles: number;
    };

export type HookName = 'beforeStart' | 'afterReady' | 'beforeStop' | 'afterRotate';

/** Who runs an instance. Ids are looked up when the configuration is read. */
export interface Credentials {
  readonly uid: number | null;
  readonly gid: number | null;
  /** The user has an entry in passwd(5) or a directory service, and so a list of groups. */
  readonly known: boolean;
  /** Set as systemd sets them for `User=`: `USER`, `LOGNAME`, `HOME`; empty without `user`. */
  readonly env: Readonly<Record<string, string>>;
}

/** What rotating means for a service: to alternate, or, without parameters, to restart or to signal. */
export type OnRotate =
  | { readonly type: 'alternate' }
  /** `byNameOnly`: the configuration does not ask for it, so a rotation of all services leaves this one alone. */
  | { readonly type: 'restart'; readonly byNameOnly?: true }
  | { readonly type: 'signal'; readonly signal: SignalName }
  /** Every rotation is refused. */
  | { readonly type: 'none' };

/** Where the classic form differs from a service of a file. */
export interface RotationPolicy {
  /** A request during a rotation: kept for one more rotation, or refused. */
  readonly whileRotating: 'fold' | 'refuse';
  /** The next parameter still belongs to a retiring instance: wait for it, or refuse. */
  readonly parameterInUse: 'wait' | 'refuse';
}

export interface ServiceConfig {
  readonly name: string;
  readonly command: CommandTemplate;
  /** At least two that differ, or `[null]` for a service with nothing to alternate; the classic form has one or more. */
  readonly parameters: readonly [Parameter, ...Parameter[]];
  readonly overlapMs: number;
  readonly onRotate: OnRotate;
  readonly rotation: RotationPolicy;
  /** Absolute paths whose content is watched; `program` stands for the command's program file. */
  readonly watch: readonly (string | { readonly program: true })[];
  /** The folder that relative paths start from: the configuration file's (the working directory for the classic form). */
  readonly baseDir: string;
  /** `%alt` still in it; absolute unless it begins with that. */
  readonly cwd: string;
  /** Values with `%alt` still in them. */
  readonly env: Readonly<Record<string, string>>;
  /** `%alt` still in it; absolute unless it begins with that. Read again at every launch. */
  readonly envFile: string | null;
  readonly credentials: Credentials;
  /** `null`: ready as soon as started. */
  readonly ready: Ready | null;
  /** Where an instance listens, `%alt` still in it; `null`: not said. */
  readonly address: string | null;
  /** `null`: nobody is told. Only services with parameters have one. */
  readonly route: Route | null;
  /** Inherited from descriptor 3 on, in this order. */
  readonly listen: readonly ListenSocket[];
  readonly stop: Stop;
  readonly restart: Restart;
  readonly output: Output;
  readonly hooks: Readonly<Partial<Record<HookName, CommandTemplate>>>;
}

/**
 * The keys that no process was started with: a change of them applies to what runs. `onRotate` counts among them where
 * the service has nothing to alternate before and after.
 */
export type Settings = Pick<ServiceConfig, 'overlapMs' | 'stop' | 'restart' | 'watch' | 'hooks' | 'onRotate'>;

export interface Config {
  /** The file's real path; `null` for the classic form. */
  readonly path: string | null;
  /** `null`: no control socket. `path: null`: the default place for this configuration. */
  readonly control: { readonly path: string | null; readonly mode: number } | null;
  readonly services: readonly ServiceConfig[];
}
