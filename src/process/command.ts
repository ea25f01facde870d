/** Runs one short command to its end: a hook, or a readiness check. execa is loaded by the first of them. */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { InstanceSpec } from '../config/instance.ts';
import { environmentOf, type ManagerFacts } from './environment.ts';
import { signalGroup } from './group.ts';
import { programFile } from './program.ts';
import { startFailure } from './start-failure.ts';

export interface CommandRequest {
  /** The instance whose user, folder and environment it shares. */
  readonly spec: InstanceSpec;
  readonly command: readonly string[];
  readonly manager: ManagerFacts;
  readonly env: Readonly<Record<string, string>>;
  /** After this the command's whole group is killed, in ms. */
  readonly timeoutMs: number;
  /** Its stdout and stderr, to be read by whoever asks for it. */
  started(stdout: Readable, stderr: Readable): void;
}

export interface RunningCommand {
  /** null: exit code 0; otherwise why not, in words. */
  readonly finished: Promise<string | null>;
  /** Kills its whole group; `finished` follows. */
  cancel(): void;
}

/** Starts the command in a process group of its own, without a shell. */
export function runCommand(request: CommandRequest): RunningCommand {
  const controller = new AbortController();
  return {
    // Whatever is in the way (no descriptor to read execa with), a caller waits for the end.
    finished: run(request, controller.signal).catch(
      (error: unknown) =>
        `it could not be started: ${error instanceof Error ? error.message : String(error)}`,
    ),
    cancel() {
      controller.abort();
    },
  };
}

async function run(request: CommandRequest, cancelled: AbortSignal): Promise<string | null> {
  const { spec, manager, timeoutMs } = request;
  const environment = environmentOf(spec, manager);
  if (!environment.ok) return environment.reason;
  const [word = '', ...args] = request.command;
  const searchPath = environment.env['PATH'];
  const file = programFile(word, { baseDir: spec.baseDir, cwd: spec.cwd, searchPath });
  if (file === null) return `there is no program ${word} in PATH`;
  const { execa } = await import('execa');
  if (cancelled.aborted) return 'it was cancelled';
  const { uid, gid } = spec.credentials;
  const child = execa(file, args, {
    cwd: spec.cwd,
    env: { ...environment.env, ...request.env },
    extendEnv: false,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    detached: true,
    ...(uid !== null && { uid }),
    ...(gid !== null && { gid }),
    // A supervisor wants none of execa's own: kept output, KILL after TERM, end at our exit, a throw.
    buffer: false,
    cleanup: false,
    forceKillAfterDelay: false,
    reject: false,
  });
  request.started(child.stdout, child.stderr);
  const unstarted = child.then(
    ({ code = '', originalMessage }) =>
      startFailure(code, file, spec.cwd) ?? originalMessage ?? 'it could not be started',
  );
  return await untilExit(child, unstarted, timeoutMs, cancelled);
}

/** A grandchild that holds the pipes would keep execa's promise pending: the leader's exit decides. */
function untilExit(
  child: ChildProcess,
  unstarted: Promise<string>,
  timeoutMs: number,
  cancelled: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve) => {
    const { pid } = child;
    let why = '';
    const kill = (reason: string): void => {
      why = reason;
      if (pid !== undefined) signalGroup(pid, 'SIGKILL');
    };
    const timer = setTimeout(kill, timeoutMs, `it ran longer than ${timeoutMs / 1000}s and was killed`);
    const onCancel = (): void => {
      kill('it was cancelled');
    };
    cancelled.addEventListener('abort', onCancel);
    const settle = (failure: string | null): void => {
      clearTimeout(timer);
      cancelled.removeEventListener('abort', onCancel);
      resolve(why === '' ? failure : why);
    };
    child.once('exit', (code, signal) => {
      settle(code === 0 ? null : signal === null ? `exit code ${code ?? 0}` : `ended by ${signal}`);
    });
    if (pid === undefined) void unstarted.then(settle);
  });
}
