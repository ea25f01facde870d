/** Connects the parts of a manager and runs them until everything has stopped. */
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
import type { Event } from '../../api/event.ts';
import type { ServiceView } from '../../rotator/view.ts';
import { stderrPaint } from '../../report/console.ts';
import { Log } from '../../report/log.ts';
import type { Level } from '../../report/sentence.ts';
import { eventJson } from '../../api/documents.ts';
import { listenToSignals } from '../../triggers/signals.ts';
import { createClock, type Clock } from './clock.ts';
import { describeErrors, describeWarnings } from '../configuration.ts';
import type { EarlySignals } from './early-signals.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { closeUnaskedInspector } from './inspector.ts';
import { createCommands } from './manager-commands.ts';
import { messageWithPlace, stackOf } from '../stack.ts';
import type { Systemd } from './systemd-notify.ts';

/** After everything has stopped, how long a slow reader may take to read the last output, in ms. */
const FLUSH_MS = 5_000;
/** A timer that keeps the process alive. The manager waits for requests even if all services are stopped. */
const NEVER_MS = 2 ** 31 - 1;
/** How often the socket and the list of instances are checked, in ms. */
const LOOK_EVERY_MS = 3_000;

export interface Supervision {
  readonly config: Config;
  readonly logLevel: Level;
  /** The path of the control socket. Null if there is none. */
  readonly socket: string | null;
  /** Reads the configuration again. Null for the classic form. */
  readonly load: (() => Promise<LoadResult>) | null;
  /** The file in which the next manager finds the instances of a killed one. Null if there is none. */
  readonly rosterFile: string | null;
  /** The warnings about the configuration, one line each. */
  readonly warnings: readonly string[];
  /** Logged once, after the start. */
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
    report: (event) => {
      report({ at: now(), service: null, ...event });
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
    // The manager continues after a bug: if it died, it would leave its instances behind.
    const detail = supervision.logLevel === 'debug' ? stackOf(error) : messageWithPlace(error);
    log.print({ level: 'error', text: `this is a bug in alternate. Please report it: ${detail}` });
  });

  const { config, socket } = supervision;
  const warned = new Set<string>();
  const warnOnce = (warnings: readonly string[]): void => {
    for (const text of warnings) if (!warned.has(text)) log.print({ level: 'warn', text });
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
    describe: describeErrors,
  });
  subscribers.add((event) => systemd?.onEvent(event));
  const refused = async (reason: string): Promise<ExitCode> => {
    log.print({ level: 'error', text: reason });
    await outputs.flush(FLUSH_MS);
    return EXIT.failed;
  };
  // Before the socket: if the runtime folder was removed, only this lock refuses a second manager.
  const lock = config.path === null ? null : lockConfiguration(config.path);
  if (lock?.ok === false) return await refused(runsAlready(lock.pid));
  const listening =
    socket === null ? null : await openControl(manager, config, socket, clock, subscribers, report);
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
    // Only the list shows the other manager: the lock could not be taken, or was removed.
    clearInterval(keepAlive);
    await listening?.close();
    lock?.release();
    return await refused(runsAlready(taken.pid));
  }
  const looking = setInterval(() => {
    void listening?.look();
    taken.roster?.look();
  }, LOOK_EVERY_MS).unref();
  const problems = await manager.start(taken.roster, taken.orphans);
  if (problems.length > 0) {
    for (const text of problems) log.print({ level: 'error', text });
    manager.shutdown('no service was started');
  } else {
    systemd?.started();
    if (supervision.welcome !== null) log.print({ level: 'info', text: supervision.welcome });
  }
  // The reload is first, so that the rotation uses the new configuration.
  if (remembered.has('SIGHUP')) void manager.reload();
  if (remembered.has('SIGUSR2')) manager.reopenOutputs();
  if (remembered.has('SIGUSR1')) manager.rotateAll();
  const code = await manager.finished;
  clearInterval(keepAlive);
  clearInterval(looking);
  // If nothing was started, the list stays: the orphans in it still exist.
  if (problems.length === 0) taken.roster?.close();
  await listening?.close();
  lock?.release();
  await outputs.flush(FLUSH_MS);
  signals.abort();
  return code === 0 && problems.length === 0 ? EXIT.done : EXIT.failed;
}

/** Reads the configuration. If it is valid, reports its warnings. */
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

/** Null unless NOTIFY_SOCKET is set. Only then is the module loaded. */
async function openSystemd(views: () => readonly ServiceView[], log: Log): Promise<Systemd | null> {
  if ((process.env['NOTIFY_SOCKET'] ?? '') === '') return null;
  const { Systemd } = await import('./systemd-notify.ts');
  return new Systemd({
    views,
    warn(text) {
      log.print({ level: 'warn', text });
    },
  });
}

function runsAlready(pid: number): string {
  return `a manager with pid ${pid} is running already with this configuration. Stop it first (alternate shutdown, or kill ${pid})`;
}

/** Opens the list of instances and reads the orphans in it. If this fails, the manager works without a list. */
function openList(
  file: string | null,
  log: Log,
): (Opened & { ok: false }) | { ok: true; roster: Roster | null; orphans: readonly Orphan[] } {
  if (file === null) return { ok: true, roster: null, orphans: [] };
  const warn = (reason: string): void => {
    const text = `the list of instances ${file} cannot be written: ${reason}. If this manager is killed, the next one will not find its instances`;
    log.print({ level: 'warn', text });
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
  report: (event: Event) => void,
): Promise<ControlSocket> {
  const commands: Commands = createCommands(manager, config.path, clock.now(), clock, (listener, until) => {
    const subscriber = (event: Event): void => {
      listener(eventJson(event, clock.wall));
    };
    subscribers.add(subscriber);
    until.addEventListener('abort', () => subscribers.delete(subscriber));
  });
  const server = createControlServer(commands, socket);
  return await listenOn(server, socket, config.control?.mode ?? 0o600, {
    lost(reason) {
      report({ at: clock.now(), service: null, type: 'control-lost', reason });
    },
    restored() {
      report({ at: clock.now(), service: null, type: 'control-restored' });
    },
  });
}
