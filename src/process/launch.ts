/** Starts one instance as the leader of a process group of its own, and says when it has ended. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { statSync } from 'node:fs';
import type { InstanceSpec } from '../config/instance.ts';
import type { Exit } from '../rotator/machine.ts';
import { become } from './become.ts';
import { environmentOf, type ManagerFacts } from './environment.ts';
import { execFailure } from './exec-failure.ts';
import { awaitGroupGone, signalGroup } from './group.ts';
import type { StdioEntry } from '../output/stdio.ts';
import { connectTcp } from './probe/tcp.ts';
import { programFile } from './program.ts';
import { startFailure } from './start-failure.ts';
import { findWriter, type WritableFile } from './writers.ts';

/** A file that is being swapped can be missing, or open for writing (ETXTBSY, execve(2)), for a moment. */
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

/** A writer that has paused for so long is not waited for. */
const WRITER_PAUSE_MS = 10_000;

/** After stdin, stdout and stderr come the inherited sockets, then the descriptor of `ready: { notify: true }`. */
const FIRST_SOCKET_FD = 3;
export interface LaunchEvents {
  /** The program is about to be executed, with the files that are there now. Called again for each further try. */
  attempted(): void;
  /** The process runs; its descriptors are the child's. Called at most once, before the two below. */
  launched(child: RunningChild): void;
  /** It could not be started, or the launch was cancelled; nothing else follows. */
  failed(reason: string): void;
  /** The leader exited while others of its group live on; `gone` follows. */
  leaderExited(exit: Exit): void;
  /** No process of the group is left. */
  gone(exit: Exit): void;
}

export interface InheritedSockets {
  readonly descriptors: readonly number[];
  /** What tells the instance of them. */
  readonly env: Readonly<Record<string, string>>;
}

export interface LaunchRequest {
  readonly spec: InstanceSpec;
  readonly manager: ManagerFacts;
  readonly stdio: readonly [StdioEntry, StdioEntry];
  /** Listening sockets that it inherits from descriptor 3 on; null where the service has none. */
  readonly sockets: InheritedSockets | null;
  /**
   * Where the instance is about to listen. If another process listens there already, that process would answer the
   * readiness check, so the launch fails. Empty: not known.
   */
  readonly addresses: readonly string[];
}

/**
 * Launches an instance. Calls back at once where it can.
 * @returns gives up a launch that has not succeeded yet
 */
export function launch(request: LaunchRequest, events: LaunchEvents): () => void {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const fail = (reason: string): void => {
    clearTimeout(timer);
    over = true;
    events.failed(reason);
  };
  const attempt = (): void => {
    const plan = planSpawn(request);
    if (!plan.ok) {
      fail(plan.reason);
      return;
    }
    events.attempted();
    const failed = (code: string, message: string): void => {
      if (over) return;
      if (performance.now() - startedAt < (RETRY_FOR_MS[code] ?? 0))
        timer = setTimeout(attempt, RETRY_EVERY_MS);
      else fail(startFailure(code, plan.program, plan.options.cwd) ?? message);
    };
    const failure =
      plan.file === plan.program ? null : execFailure(plan.program, request.spec.credentials.uid);
    if (failure !== null) {
      failed(failure, `spawn ${plan.program} ${failure}`);
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
    // The shell would only exit with 126 (ETXTBSY, execve(2)).
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
    void firstAnswered(request.addresses).then((answered) => {
      if (over) return;
      if (answered === null) attempt();
      else fail(`${answered} is answered by another process already: end that one first`);
    });
  return () => {
    if (!over) fail('the launch was cancelled');
  };
}

/** The program, if it may still be open for writing: whoever writes to it has done so lately. Null otherwise. */
function changedLately(path: string): WritableFile | null {
  try {
    const { dev: device, ino: inode, mtimeMs } = statSync(path, { bigint: true });
    return Date.now() - Number(mtimeMs) < WRITER_PAUSE_MS ? { path, device, inode } : null;
  } catch {
    return null;
  }
}

async function firstAnswered(addresses: readonly string[]): Promise<string | null> {
  const { signal } = new AbortController();
  const failures = await Promise.all(addresses.map((address) => connectTcp(address, signal)));
  return addresses.find((_, index) => failures[index] === null) ?? null;
}

interface SpawnPlan {
  readonly ok: true;
  /** What the configuration names; `file` may be a shell that becomes it. */
  readonly program: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions & { cwd: string };
}

function planSpawn({
  spec,
  manager,
  stdio,
  sockets,
}: LaunchRequest): SpawnPlan | { ok: false; reason: string } {
  const environment = environmentOf(spec, manager);
  if (!environment.ok) return environment;
  const { env } = environment;
  const [word = '', ...args] = spec.command;
  // A name that PATH does not have is left to execvp(3), which says ENOENT.
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
    credentials: spec.credentials,
    listens: sockets !== null,
  });
  if (!made.ok) return made;
  const { file, args: words, env: given, ids } = made.becoming;
  const options = {
    cwd: spec.cwd,
    env: given,
    stdio: ['ignore' as const, ...stdio, ...descriptors, ...(notify ? ['pipe' as const] : [])],
    detached: true,
    ...ids,
  };
  return { ok: true, program, file, args: words, options };
}

type RunningChild = ChildProcess & { pid: number };

/** spawn throws some errors at once (ETXTBSY) and tells the others by an event (ENOENT, EACCES, EMFILE). */
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
    // Said first only where somebody is left, so that the common end is one event.
    if (signalGroup(child.pid, 0)) events.leaderExited(exit);
    awaitGroupGone(child.pid, () => {
      events.gone(exit);
    });
  });
  events.launched(child);
}
