/** Starts one instance as the leader of its own process group, and reports when the instance has ended. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { statSync } from 'node:fs';
import type { InstanceSpec } from '../config/instance.ts';
import type { Exit } from '../rotator/machine.ts';
import { success, type Result } from '../util/result.ts';
import { become } from './become.ts';
import { environmentOf, type ManagerFacts } from './environment.ts';
import { becomeFailure } from './exec-failure.ts';
import { awaitGroupGone, signalGroup } from './group.ts';
import type { StdioEntry } from '../output/stdio.ts';
import { connectTcp } from './probe/tcp.ts';
import { programFile } from './program.ts';
import { startFailure } from './start-failure.ts';
import { findWriter, type WritableFile } from './writers.ts';

/** A file that is being replaced can be missing, or open for writing (ETXTBSY, execve(2)), for a moment. */
const RETRY_EVERY_MS = 20;
const RETRY_FOR_MS: Readonly<Record<string, number>> = {
  ETXTBSY: 5_000,
  ENOENT: 300,
  EACCES: 300,
  ENOEXEC: 300,
  EAGAIN: 2_000,
  EMFILE: 2_000,
  ENFILE: 2_000,
};

/** If the last write to the program is older than this, no search for a writer is made. */
const WRITER_PAUSE_MS = 10_000;

/** After stdin, stdout and stderr come the inherited sockets, then the descriptor of `ready: { notify: true }`. */
const FIRST_SOCKET_FD = 3;

export interface LaunchEvents {
  /** Called right before each try to execute the program. */
  attempted(): void;
  /** The process runs. Called at most once, before the two below. */
  launched(child: RunningChild): void;
  /** The process could not be started, or the launch was cancelled. No other event follows. */
  failed(reason: string): void;
  /** The leader has exited, and other processes of its group live on. `gone` follows. */
  leaderExited(exit: Exit): void;
  /** No process of the group is left. */
  gone(exit: Exit): void;
}

export interface InheritedSockets {
  readonly descriptors: readonly number[];
  /** The variables that describe the sockets to the instance. */
  readonly env: Readonly<Record<string, string>>;
}

export interface LaunchRequest {
  readonly spec: InstanceSpec;
  readonly manager: ManagerFacts;
  readonly stdio: readonly [StdioEntry, StdioEntry];
  /** The listening sockets that it inherits, from descriptor 3 on; null if the service has none. */
  readonly sockets: InheritedSockets | null;
  /**
   * The addresses on which the instance will listen. If another process listens there already, that process would
   * answer the readiness check, so the launch fails. Empty: unknown.
   */
  readonly addresses: readonly string[];
}

/**
 * Launches an instance. Calls the first event synchronously if it can.
 * @param cancelled aborted: a launch that has not succeeded yet fails
 */
export function launch(request: LaunchRequest, events: LaunchEvents, cancelled: AbortSignal): void {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const fail = (reason: string): void => {
    clearTimeout(timer);
    over = true;
    events.failed(reason);
  };
  const cancel = (): void => {
    if (!over) fail('the launch was cancelled');
  };
  if (cancelled.aborted) {
    cancel();
    return;
  }
  cancelled.addEventListener('abort', cancel);
  const attempt = (): void => {
    // A throw in a timer would leave the launch without an end.
    try {
      tryOnce();
    } catch (error) {
      if (!over) fail(`it could not be started: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const tryOnce = (): void => {
    const planned = planSpawn(request);
    if (!planned.ok) {
      fail(planned.reason);
      return;
    }
    const plan = planned.value;
    events.attempted();
    const failed = (code: string, message: string): void => {
      if (over) return;
      if (performance.now() - startedAt < (RETRY_FOR_MS[code] ?? 0))
        timer = setTimeout(attempt, RETRY_EVERY_MS);
      else fail(startFailure(code, plan.program, request.spec.cwd) ?? message);
    };
    const { spec } = request;
    const errno =
      plan.file === plan.program ? null : becomeFailure(plan.program, spec.cwd, spec.credentials.uid);
    if (errno !== null) {
      failed(errno, `spawn ${plan.program} ${errno}`);
      return;
    }
    const start = (): void => {
      trySpawn(plan, {
        spawned(child) {
          over = true;
          follow(child, events);
        },
        failed,
      });
    };
    // Searched for in advance: with ETXTBSY (execve(2)) the shell would only exit with 126.
    const file = plan.file === plan.program ? null : changedLately(plan.program);
    if (file === null) start();
    else
      void findWriter([file]).then((writer) => {
        if (over) return;
        if (writer === null) start();
        else failed('ETXTBSY', `spawn ${plan.program} ETXTBSY`);
      });
  };
  if (request.addresses.length === 0) attempt();
  else
    void firstAnswered(request.addresses, cancelled).then((answered) => {
      if (over) return;
      if (answered === null) attempt();
      else fail(`another process already listens on ${answered}: end that process first`);
    });
}

/** The program, if it changed lately: then it may still be open for writing. Null otherwise. */
function changedLately(path: string): WritableFile | null {
  try {
    const { dev: device, ino: inode, mtimeMs } = statSync(path, { bigint: true });
    return Date.now() - Number(mtimeMs) < WRITER_PAUSE_MS ? { path, device, inode } : null;
  } catch {
    return null;
  }
}

async function firstAnswered(addresses: readonly string[], signal: AbortSignal): Promise<string | null> {
  const connected = await Promise.all(addresses.map((address) => connectTcp(address, signal)));
  return addresses.find((_, index) => connected[index]?.ok === true) ?? null;
}

interface SpawnPlan {
  /** The program that the configuration names. `file` may be a shell that becomes the program. */
  readonly program: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions & { cwd: string };
}

function planSpawn({ spec, manager, stdio, sockets }: LaunchRequest): Result<SpawnPlan> {
  const environment = environmentOf(spec, manager);
  if (!environment.ok) return environment;
  const env = environment.value;
  const [word = '', ...args] = spec.command;
  // A name that is not in PATH is left to execvp(3), which fails with ENOENT.
  const program =
    programFile(word, { baseDir: spec.baseDir, cwd: spec.cwd, searchPath: env['PATH'] }) ?? word;
  const notify = spec.ready?.type === 'notify';
  const descriptors = sockets?.descriptors ?? [];
  const made = become({
    program,
    args,
    env: {
      ...env,
      ...sockets?.env,
      ...(notify && { NOTIFY_FD: String(FIRST_SOCKET_FD + descriptors.length) }),
    },
    cwd: spec.cwd,
    baseDir: spec.baseDir,
    credentials: spec.credentials,
    listens: sockets !== null,
  });
  if (!made.ok) return made;
  const { file, args: words, env: given, cwd, ids } = made.value;
  const options = {
    cwd,
    env: given,
    stdio: ['ignore' as const, ...stdio, ...descriptors, ...(notify ? ['pipe' as const] : [])],
    detached: true,
    ...ids,
  };
  return success({ program, file, args: words, options });
}

type RunningChild = ChildProcess & { pid: number };

/** spawn throws some errors at once (ETXTBSY) and reports the others by an event (ENOENT, EACCES, EMFILE). */
function trySpawn(
  { file, args, options }: SpawnPlan,
  on: { spawned(child: RunningChild): void; failed(code: string, message: string): void },
): void {
  let child: ChildProcess;
  try {
    child = spawn(file, args, options);
  } catch (error) {
    on.failed((error as NodeJS.ErrnoException).code ?? '', (error as Error).message);
    return;
  }
  const { pid } = child;
  child.on('error', (error: NodeJS.ErrnoException) => {
    if (pid === undefined) on.failed(error.code ?? '', error.message);
  });
  if (pid !== undefined) on.spawned(Object.assign(child, { pid }));
}

function follow(child: RunningChild, events: LaunchEvents): void {
  child.once('exit', (code, signal) => {
    const exit: Exit = signal === null ? { code: code ?? 0 } : { signal };
    // Reported only if the group has other processes, so that the usual end is one event.
    if (signalGroup(child.pid, 0)) events.leaderExited(exit);
    awaitGroupGone(child.pid, () => {
      events.gone(exit);
    });
  });
  events.launched(child);
}
