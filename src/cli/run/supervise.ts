/** Wires the real parts together and runs them until everything has stopped. */
import path from 'node:path';
import type { LoadResult } from '../../config/load.ts';
import type { Config } from '../../config/types.ts';
import type { Commands } from '../../control/commands.ts';
import { listenOn, type ControlSocket } from '../../control/socket-file.ts';
import { createControlServer } from '../../control/server.ts';
import { prepareFolder } from '../../control/socket-path.ts';
import { Manager } from '../../manager/manager.ts';
import { createOutputs } from '../../output/output.ts';
import { lockConfiguration } from '../../state/manager-lock.ts';
import { openRoster, type Opened, type Orphan, type Roster } from '../../state/roster.ts';
import type { ManagerReport, Event } from '../../api/event.ts';
import type { ServiceView } from '../../rotator/view.ts';
import { stderrPaint } from '../../report/console.ts';
import { Log } from '../../report/log.ts';
import type { Level } from '../../report/sentence.ts';
import { eventJson } from '../../api/documents.ts';
import { listenToSignals } from '../../triggers/signals.ts';
import { createClock, type Clock } from './clock.ts';
import { describeMistakes, describeWarnings } from '../configuration.ts';
import type { EarlySignals } from './early-signals.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { closeUnaskedInspector } from './inspector.ts';
import { createCommands } from './manager-commands.ts';
import type { Systemd } from './systemd-notify.ts';

/** How long the last output may take to reach a slow reader once everything has stopped, in ms. */
const FLUSH_MS = 5_000;
/** A timer that never fires while Node lives: services may all be stopped, and the manager still waits to be asked. */
const NEVER_MS = 2 ** 31 - 1;
/** Between two looks whether the socket and the list of what runs are still there, in ms. */
const LOOK_EVERY_MS = 3_000;

export interface Supervision {
  readonly config: Config;
  readonly logLevel: Level;
  /** Where the control socket is to be; null for none. */
  readonly socket: string | null;
  /** Reads the configuration again; null where there is none to read. */
  readonly load: (() => Promise<LoadResult>) | null;
  /** Where the manager that comes after this one finds what runs; null for nowhere. */
  readonly rosterFile: string | null;
  /** What is probably wrong with the configuration, a line each. */
  readonly warnings: readonly string[];
  /** Said once at the start. */
  readonly welcome: string | null;
}

/** Runs until a signal, the control socket or the end of all services stops it. */
export async function supervise(supervision: Supervision, early: EarlySignals): Promise<ExitCode> {
  const subscribers = new Set<(event: Event) => void>();
  const report = (event: Event): void => {
    for (const subscriber of subscribers) subscriber(event);
  };
  const clock = createClock();
  const { now } = clock;
  const outputs = createOutputs({
    stdout: process.stdout,
    stderr: process.stderr,
    report: (fact) => {
      report({ at: now(), service: null, ...fact });
    },
  });
  const log = new Log({
    level: supervision.logLevel,
    paint: stderrPaint(),
    write: (text) => {
      outputs.writeMessage(text);
    },
  });
  subscribers.add((event) => {
    log.onEvent(event);
  });
  process.on('uncaughtException', (error) => {
    // The instances go on whatever happens here; a manager that dies would leave them behind.
    const detail = supervision.logLevel === 'debug' ? error.stack : error.message;
    log.say({
      level: 'error',
      text: `this is a bug in alternate, please report it: ${detail ?? error.message}`,
    });
  });

  const { config, socket } = supervision;
  const warned = new Set<string>();
  const warnOnce = (warnings: readonly string[]): void => {
    for (const text of warnings) if (!warned.has(text)) log.say({ level: 'warn', text });
    for (const text of warnings) warned.add(text);
  };
  const load = supervision.load === null ? null : warning(supervision.load, warnOnce);
  const systemd = await openSystemd(() => manager.views, log);
  const manager: Manager = new Manager({
    config,
    socket,
    outputs,
    now,
    report,
    load: load === null ? null : (systemd?.announced(load) ?? load),
    describe: describeMistakes,
  });
  subscribers.add((event) => systemd?.onEvent(event));
  const refused = async (reason: string): Promise<ExitCode> => {
    log.say({ level: 'error', text: reason });
    await outputs.flush(FLUSH_MS);
    return EXIT.failed;
  };
  // Before the socket: a second manager must not take its place while the runtime folder is gone.
  const lock = config.path === null ? null : lockConfiguration(config.path);
  if (lock?.ok === false) return await refused(runsAlready(lock.pid));
  const listening = socket === null ? null : await openControl(manager, config, socket, clock, subscribers);
  if (listening?.ok === false) {
    lock?.release();
    return await refused(listening.reason);
  }
  warnOnce(supervision.warnings);
  const keepAlive = setInterval(() => undefined, NEVER_MS);
  const signals = new AbortController();
  listenToSignals(signalHandlers(manager), signals.signal);
  const remembered = early.handOver();
  closeUnaskedInspector();
  const taken = openList(supervision.rosterFile, log);
  if (!taken.ok) {
    // Found by its list alone: the lock could not be taken, or was removed.
    clearInterval(keepAlive);
    await listening?.close();
    return await refused(runsAlready(taken.pid));
  }
  const looking = setInterval(() => {
    void listening?.look();
    taken.roster?.look();
  }, LOOK_EVERY_MS).unref();
  const problems = await manager.start(taken.roster, taken.orphans);
  if (problems.length > 0) {
    for (const text of problems) log.say({ level: 'error', text });
    manager.shutdown('nothing was started');
  } else {
    systemd?.started();
    if (supervision.welcome !== null) log.say({ level: 'info', text: supervision.welcome });
  }
  // A reload first: the rotation is one of what the configuration says now.
  if (remembered.has('SIGHUP')) void manager.reload();
  if (remembered.has('SIGUSR2')) manager.reopenOutputs();
  if (remembered.has('SIGUSR1')) manager.rotateAll();
  const code = await manager.finished;
  clearInterval(keepAlive);
  clearInterval(looking);
  // Where nothing was started, what an earlier manager left behind is still there to be found.
  if (problems.length === 0) taken.roster?.close();
  await listening?.close();
  lock?.release();
  await outputs.flush(FLUSH_MS);
  signals.abort();
  return code === 0 && problems.length === 0 ? EXIT.done : EXIT.failed;
}

/** Reads the configuration, and reports the warnings about one that is taken. */
function warning(
  load: () => Promise<LoadResult>,
  report: (warnings: readonly string[]) => void,
): () => Promise<LoadResult> {
  return async () => {
    const loaded = await load();
    if (loaded.ok) report(describeWarnings(loaded));
    return loaded;
  };
}

/** Null unless an init system has asked to be told; then nothing of it is loaded. */
async function openSystemd(views: () => readonly ServiceView[], log: Log): Promise<Systemd | null> {
  if ((process.env['NOTIFY_SOCKET'] ?? '') === '') return null;
  const { Systemd } = await import('./systemd-notify.ts');
  return new Systemd({
    views,
    warn(text) {
      log.say({ level: 'warn', text });
    },
  });
}

function runsAlready(pid: number): string {
  return `a manager with pid ${pid} is running already with this configuration; end it first (alternate shutdown)`;
}

/** The list of what runs, and what stands in it already. Without one the manager works all the same. */
function openList(
  file: string | null,
  log: Log,
): (Opened & { ok: false }) | { ok: true; roster: Roster | null; orphans: readonly Orphan[] } {
  if (file === null) return { ok: true, roster: null, orphans: [] };
  const warn = (reason: string): void => {
    const text = `what runs cannot be listed in ${file}; were this manager killed, the next one would not find it: ${reason}`;
    log.say({ level: 'warn', text });
  };
  const prepared = prepareFolder(path.dirname(file));
  if (prepared.ok) return openRoster(file, { stale: warn });
  warn(prepared.reason);
  return { ok: true, roster: null, orphans: [] };
}

function signalHandlers(manager: Manager): Parameters<typeof listenToSignals>[0] {
  return {
    rotate() {
      manager.rotateAll();
    },
    reopen() {
      manager.reopenOutputs();
    },
    reload() {
      void manager.reload();
    },
    stop(signal) {
      manager.shutdown(signal);
    },
  };
}

async function openControl(
  manager: Manager,
  config: Config,
  socket: string,
  clock: Clock,
  subscribers: Set<(event: Event) => void>,
): Promise<ControlSocket> {
  const commands: Commands = createCommands(manager, config.path, clock.now(), clock, (listener, until) => {
    const subscriber = (event: Event): void => {
      listener(eventJson(event, clock.wall));
    };
    subscribers.add(subscriber);
    until.addEventListener('abort', () => subscribers.delete(subscriber));
  });
  const server = createControlServer(commands, socket);
  const report = (fact: ManagerReport): void => {
    for (const subscriber of subscribers) subscriber({ at: clock.now(), service: null, ...fact });
  };
  return await listenOn(server, socket, config.control?.mode ?? 0o600, {
    lost(reason) {
      report({ type: 'control-lost', reason });
    },
    restored() {
      report({ type: 'control-restored' });
    },
  });
}
