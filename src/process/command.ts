/** Runs one short command to its end: a hook, or a readiness check. execa is loaded by the first of them. */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { InstanceSpec } from '../config/instance.ts';
import { DONE, failure, type Result } from '../util/result.ts';
import { become } from './become.ts';
import { environmentOf, type ManagerFacts } from './environment.ts';
import { becomeFailure } from './exec-failure.ts';
import { awaitGroupGone, signalGroup } from './group.ts';
import { programFile } from './program.ts';
import { startFailure } from './start-failure.ts';

export interface CommandRequest {
  /** The command gets the user, folder and environment of this instance. */
  readonly spec: InstanceSpec;
  readonly command: readonly string[];
  readonly manager: ManagerFacts;
  readonly env: Readonly<Record<string, string>>;
  /** After this time the command's process group is ended, in ms. */
  readonly timeoutMs: number;
  /** The time from TERM to KILL when the command is ended early, in ms. 0: it gets KILL at once. */
  readonly graceMs: number;
  /** Aborted: the command's process group gets TERM, and KILL after `graceMs`. */
  readonly cancelled: AbortSignal;
  /** Aborted: the command's process group gets KILL at once. */
  readonly killed?: AbortSignal;
  /** Called with the command's stdout and stderr. The caller reads them. */
  started(stdout: Readable, stderr: Readable): void;
}

/**
 * Starts the command in a process group of its own, without a shell. Exit code 0 is a success; a failure has its reason
 * in words. Resolves when the command has exited. If the command is ended early, resolves when no process of its group
 * is left.
 */
export async function runCommand(request: CommandRequest): Promise<Result<void>> {
  try {
    return await run(request);
  } catch (error) {
    // For instance: no free descriptor to read execa with. The caller waits for an end in any case.
    return failure(`it could not be started: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function run(request: CommandRequest): Promise<Result<void>> {
  const { spec, manager, cancelled, killed } = request;
  const environment = environmentOf(spec, manager);
  if (!environment.ok) return environment;
  const [word = '', ...args] = request.command;
  const searchPath = environment.value['PATH'];
  const file = programFile(word, { baseDir: spec.baseDir, cwd: spec.cwd, searchPath });
  if (file === null) return failure(`there is no program ${word} in PATH`);
  const { execa } = await import('execa');
  if (cancelled.aborted || killed?.aborted === true) return failure('it was cancelled');
  const env = { ...environment.value, ...request.env };
  const made = become({
    program: file,
    args,
    env,
    cwd: spec.cwd,
    baseDir: spec.baseDir,
    credentials: spec.credentials,
    listens: false,
  });
  if (!made.ok) return made;
  const becoming = made.value;
  // A shell that becomes the program would only exit with 126 or 127, which is no reason for people.
  const errno = becoming.file === file ? null : becomeFailure(file, spec.cwd, spec.credentials.uid);
  if (errno !== null) return failure(startFailure(errno, file, spec.cwd) ?? errno);
  const child = execa(becoming.file, becoming.args, {
    cwd: becoming.cwd,
    env: becoming.env,
    extendEnv: false,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    detached: true,
    ...becoming.ids,
    // execa's defaults do not suit a supervisor: output kept in memory, KILL after TERM, end at our exit, a throw.
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
  return await untilExit(child, unstarted, request);
}

/**
 * The leader's exit decides: a grandchild that holds the pipes would keep execa's promise pending. After an early end
 * the whole group is awaited, so that no process of it keeps running unnoticed.
 */
function untilExit(
  child: ChildProcess,
  unstarted: Promise<string>,
  { timeoutMs, graceMs, cancelled, killed }: CommandRequest,
): Promise<Result<void>> {
  return new Promise((resolve) => {
    const { pid } = child;
    if (pid === undefined) {
      void unstarted.then((reason) => {
        resolve(failure(reason));
      });
      return;
    }
    let why = '';
    let grace: NodeJS.Timeout | undefined;
    const kill = (): void => {
      signalGroup(pid, 'SIGKILL');
    };
    const end = (reason: string): void => {
      if (why !== '') return;
      why = reason;
      if (graceMs === 0) {
        kill();
        return;
      }
      signalGroup(pid, 'SIGTERM');
      signalGroup(pid, 'SIGCONT');
      grace = setTimeout(() => {
        why += ` and killed: it had not stopped within ${graceMs / 1000}s`;
        kill();
      }, graceMs);
    };
    const ended = graceMs === 0 ? 'killed' : 'stopped';
    const timer = setTimeout(end, timeoutMs, `it ran longer than ${timeoutMs / 1000}s and was ${ended}`);
    const onCancel = (): void => {
      end('it was cancelled');
    };
    const onKill = (): void => {
      onCancel();
      kill();
    };
    cancelled.addEventListener('abort', onCancel);
    killed?.addEventListener('abort', onKill);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      cancelled.removeEventListener('abort', onCancel);
      const finish = (result: Result<void>): void => {
        killed?.removeEventListener('abort', onKill);
        resolve(result);
      };
      if (why === '') finish(resultOf(code, signal));
      else
        awaitGroupGone(pid, () => {
          clearTimeout(grace);
          finish(failure(why));
        });
    });
  });
}

function resultOf(code: number | null, signal: NodeJS.Signals | null): Result<void> {
  if (code === 0) return DONE;
  return failure(signal === null ? `exit code ${code ?? 0}` : `ended by ${signal}`);
}
