/** Starts one instance as the leader of a process group of its own, and says when it has ended. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import type { InstanceSpec } from '../config/instance.ts';
import type { Exit } from '../rotator/types.ts';
import { environmentOf, type ManagerFacts } from './environment.ts';
import { execFailure } from './exec-failure.ts';
import { awaitGroupGone, signalGroup } from './group.ts';
import type { StdioEntry } from './output/stdio.ts';
import { tryTcp } from './probe/tcp.ts';
import { programFile } from './program.ts';
import { startFailure } from './start-failure.ts';

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

/** After stdin, stdout and stderr come the inherited sockets, then the descriptor of `ready: { notify: true }`. */
const FIRST_SOCKET_FD = 3;
/**
 * `LISTEN_PID` is the instance's own pid (sd_listen_fds(3)), which nobody knows before it is there; a shell that becomes
 * the program keeps its pid.
 */
const WITH_LISTEN_PID = ['/bin/sh', '-c', 'export LISTEN_PID=$$; exec "$@"', 'sh'] as const;
/** What a shell hands on as it came; others it drops or makes its own (POSIX, "Shell Variables"). */
const HANDED_ON = /^(?!(?:IFS|OPTIND|PPID)$)[A-Za-z_][A-Za-z0-9_]*$/;

export interface LaunchEvents {
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
    trySpawn(plan, {
      spawned(child) {
        over = true;
        follow(child, events);
      },
      failed,
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

async function firstAnswered(addresses: readonly string[]): Promise<string | null> {
  const { signal } = new AbortController();
  const failures = await Promise.all(addresses.map((address) => tryTcp(address, signal)));
  return addresses.find((_, index) => failures[index] === null) ?? null;
}

interface SpawnPlan {
  readonly ok: true;
  /** What the configuration names; `file` is the shell that becomes it where there are sockets. */
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
  const { uid, gid } = spec.credentials;
  const options = {
    cwd: spec.cwd,
    env: {
      ...env,
      ...sockets?.env,
      ...(notify && { NOTIFY_FD: String(FIRST_SOCKET_FD + descriptors.length) }),
    },
    stdio: ['ignore' as const, ...stdio, ...descriptors, ...(notify ? ['pipe' as const] : [])],
    detached: true,
    ...(uid !== null && { uid }),
    ...(gid !== null && { gid }),
  };
  if (sockets === null) return { ok: true, program, file: program, args, options };
  const [file, ...before] = WITH_LISTEN_PID;
  return { ok: true, program, file, args: [...before, ...lostOn(env, program), program, ...args], options };
}

/** The words before a program that give it the variables which the shell does not; env(1). */
function lostOn(env: Readonly<Record<string, string>>, program: string): readonly string[] {
  const lost = Object.entries(env).filter(([name]) => !HANDED_ON.test(name));
  // For env(1) a program with "=" in its path would be one more of them.
  if (lost.length === 0 || program.includes('=')) return [];
  return ['/usr/bin/env', ...lost.map(([name, value]) => `${name}=${value}`)];
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
