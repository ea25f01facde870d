/** Warns if this machine does not fit the configuration: missing programs, owners of files, limits of the kernel. */
import { existsSync, readFileSync, watch } from 'node:fs';
import path from 'node:path';
import { instantiate, type Command, type InstanceSpec } from '../../config/instance.ts';
import { foreignWriteAccess } from '../../config/read/trust.ts';
import { child, type Pointer } from '../../config/read/pointer.ts';
import type { Finding } from '../../config/read/source.ts';
import type { Config, ServiceConfig } from '../../config/types.ts';
import { environmentOf } from '../../process/environment.ts';
import { execFailure } from '../../process/exec-failure.ts';
import { programFile } from '../../process/program.ts';
import { startFailure } from '../../process/start-failure.ts';
import { inspect } from '../../triggers/watch/stat-identity.ts';

/** The facts about the machine. A limit is null if it is not known. */
export interface Host {
  readonly root: boolean;
  /** The number of descriptors that this process may have open; getrlimit(2). */
  readonly openFiles: number | null;
  /** Per user; inotify(7). */
  readonly inotifyWatches: number | null;
  /** The errno of a new watch. Null if it can be created. */
  readonly watchFailure: string | null;
}

const NO_MANAGER = { config: null, socket: null } as const;
/** The descriptors of the manager itself: those of Node.js, the control socket and some clients. */
const OWN_FILES = 64;
/** stdout, stderr, `NOTIFY_FD`, and a probe or a hook of one instance. */
const FILES_PER_INSTANCE = 4;
/** A rotation runs two instances at the same time. */
const INSTANCES = 2;
/** Programs that run the file that is their first argument. */
const INTERPRETERS = /^(?:node|python[\d.]*|ruby|perl|php|sh|bash|dash)$/;

export function hostWarnings(config: Config, host: Host = thisHost(config)): readonly Finding[] {
  const files = config.services.flatMap((service) => filesOf(service));
  return [
    ...config.services.flatMap(envFileWarning),
    ...files.flatMap(({ pointer, missing }) => (missing === null ? [] : [warning(pointer, missing)])),
    ...(host.root ? ownerWarnings(config, files) : []),
    ...limitWarnings(config, host),
  ];
}

function thisHost({ services }: Config): Host {
  const watches = services.some((service) => service.watch.length > 0);
  return {
    root: process.getuid?.() === 0,
    openFiles: numberIn('/proc/self/limits', /^Max open files +(\d+)/m),
    inotifyWatches: numberIn('/proc/sys/fs/inotify/max_user_watches', /^(\d+)/),
    watchFailure: watches ? watchFailure(services[0]?.baseDir ?? '/') : null,
  };
}

/** Each launch reads this file again, and fails if it cannot be read. */
function envFileWarning(service: ServiceConfig): readonly Finding[] {
  if (service.envFile === null) return [];
  const pointer = child(child('/services', service.name), 'envFile');
  for (const parameter of service.parameters) {
    const environment = environmentOf(instantiate(service, parameter), NO_MANAGER);
    if (!environment.ok) return [warning(pointer, environment.reason)];
  }
  return [];
}

/** A file that a command of a service runs. */
interface RunFile {
  readonly pointer: Pointer;
  readonly file: string | null;
  /** Why it cannot be run. */
  readonly missing: string | null;
  /** Root runs it. */
  readonly asRoot: boolean;
}

function filesOf(service: ServiceConfig): readonly RunFile[] {
  const asRoot = (service.credentials.uid ?? 0) === 0;
  const seen = new Set<string>();
  const reported = new Set<Pointer>();
  const found: RunFile[] = [];
  for (const parameter of service.parameters) {
    const instance = instantiate(service, parameter);
    for (const [keys, command] of commandsOf(instance)) {
      const pointer = keys.reduce(child, child('/services', service.name));
      const key = JSON.stringify([pointer, command[0], command[1], instance.cwd]);
      // One warning per command, not per parameter.
      if (seen.has(key) || reported.has(pointer)) continue;
      seen.add(key);
      const files = runFiles(instance, command);
      if (files.some(({ missing }) => missing !== null)) reported.add(pointer);
      found.push(...files.map((file) => ({ ...file, pointer, asRoot })));
    }
  }
  return found;
}

/** Every command of an instance, with its keys. */
function commandsOf({ command, ready, hooks }: InstanceSpec): readonly [readonly string[], Command][] {
  return [
    [['command'], command],
    ...(ready?.type === 'exec' ? ([[['ready', 'exec'], ready.command]] as [string[], Command][]) : []),
    ...Object.entries(hooks).map(([name, hook]): [string[], Command] => [['hooks', name], hook]),
  ];
}

/** The program of a command, and its script if the program is an interpreter. */
function runFiles(
  instance: InstanceSpec,
  [word = '', script = '']: Command,
): readonly Pick<RunFile, 'file' | 'missing'>[] {
  const environment = environmentOf(instance, NO_MANAGER);
  const searchPath = environment.ok ? environment.value['PATH'] : process.env['PATH'];
  const { baseDir, cwd } = instance;
  // Shell syntax has its own warning, and the value may be a secret.
  if (/^\w+=|^~/.test(word)) return [];
  const program = programFile(word, { baseDir, cwd, searchPath }) ?? word;
  const failure = execFailure(program, instance.credentials.uid);
  if (failure !== null) return [{ file: null, missing: startFailure(failure, program, cwd) ?? failure }];
  const runs: Pick<RunFile, 'file' | 'missing'>[] = [{ file: program, missing: null }];
  if (INTERPRETERS.test(path.basename(word)) && /^[^-].*\.\w+$/.test(script)) {
    const file = path.resolve(cwd, script);
    runs.push({ file, missing: existsSync(file) ? null : `${file} does not exist` });
  }
  return runs;
}

/** Warns about files that root runs or reads and that other users can change. */
function ownerWarnings(config: Config, files: readonly RunFile[]): readonly Finding[] {
  const reported = new Set<string>();
  const hint = 'remove write access for other users (chown, chmod), or run the service as another user';
  const check = (pointer: Pointer, file: string | null): readonly Finding[] => {
    const access = file === null ? null : writeAccessTo(file);
    if (access === null || reported.has(access)) return [];
    reported.add(access);
    return [warning(pointer, `${access}, but root runs what it contains`, hint)];
  };
  return [
    ...check('', config.path),
    ...files.filter(({ asRoot }) => asRoot).flatMap(({ pointer, file }) => check(pointer, file)),
    ...config.services.flatMap((service) =>
      (service.credentials.uid ?? 0) !== 0 || service.envFile === null
        ? []
        : service.parameters.flatMap((parameter) =>
            check(
              child(child('/services', service.name), 'envFile'),
              instantiate(service, parameter).envFile,
            ),
          ),
    ),
  ];
}

function writeAccessTo(file: string): string | null {
  try {
    return foreignWriteAccess(file);
  } catch {
    // If a file cannot be checked, its use reports the error.
    return null;
  }
}

function limitWarnings({ services }: Config, host: Host): readonly Finding[] {
  const warnings: Finding[] = [];
  const sockets = services.reduce((sum, { listen }) => sum + listen.length, 0);
  const files = OWN_FILES + sockets + services.length * INSTANCES * FILES_PER_INSTANCE;
  if (host.openFiles !== null && host.openFiles < files) {
    const message = `the manager may open ${host.openFiles} files, but these services need about ${files}`;
    warnings.push(
      warning('/services', message, 'raise the limit: ulimit -n, or LimitNOFILE= of systemd', 'key'),
    );
  }
  const watched = services.find(({ watch: paths }) => paths.length > 0);
  if (watched === undefined) return warnings;
  const pointer = child(child('/services', watched.name), 'watch');
  const slower = 'without them, alternate checks for changes twice per second';
  if (host.watchFailure !== null) {
    const what = host.watchFailure === 'EMFILE' ? 'max_user_instances' : 'max_user_watches';
    const message = `this user has no file watches left (${host.watchFailure}): ${slower}`;
    warnings.push(warning(pointer, message, `raise fs.inotify.${what} with sysctl`));
  }
  const needed = services.reduce((sum, service) => sum + watchesOf(service), 0);
  // Other programs of this user need watches too: editors, build tools, container runtimes.
  if (host.inotifyWatches !== null && host.inotifyWatches < 2 * needed) {
    const message = `${needed} files and folders are watched, but this user may have only ${host.inotifyWatches} file watches: ${slower}`;
    warnings.push(warning(pointer, message, 'raise fs.inotify.max_user_watches with sysctl'));
  }
  return warnings;
}

function watchesOf({ watch: paths }: ServiceConfig): number {
  const named = paths.filter((one) => typeof one === 'string');
  const { files, folders } = inspect(named);
  return files.length + folders.length + paths.length;
}

function watchFailure(folder: string): string | null {
  try {
    watch(folder, { persistent: false }).close();
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EMFILE' || code === 'ENOSPC' ? code : null;
  }
}

function numberIn(file: string, pattern: RegExp): number | null {
  try {
    const [, digits] = pattern.exec(readFileSync(file, 'utf8')) ?? [];
    return digits === undefined ? null : Number(digits);
  } catch {
    return null;
  }
}

function warning(
  pointer: Pointer,
  message: string,
  hint: string | null = null,
  part: Finding['part'] = 'value',
): Finding {
  return { severity: 'warning', pointer, part, message, hint };
}
