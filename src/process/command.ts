/** Runs one short command to its end: a hook, or a readiness check. execa is loaded by the first of them. */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { InstanceSpec } from '../config/instance.ts';
import { become } from './become.ts';
import { environmentOf, type ManagerFacts } from './environment.ts';
import { execFailure } from './exec-failure.ts';
import { awaitGroupGone, signalGroup } from './group.ts';
import { programFile } from './program.ts';
import { startFailure } from './start-failure.ts';

export interface CommandRequest {
  /** The instance whose user, folder and environment it shares. */
  readonly spec: InstanceSpec;
  readonly command: readonly string[];
  readonly manager: ManagerFacts;
  readonly env: Readonly<Record<string, string>>;
  /** After this the command's whole group is ended, in ms. */
  readonly timeoutMs: number;
  /** How long the group has from TERM to KILL when it is ended early, in ms. 0: it gets KILL at once. */
  readonly graceMs: number;
  /** Its stdout and stderr, to be read by whoever asks for it. */
  started(stdout: Readable, stderr: Readable): void;
}

export interface RunningCommand {
  /**
   * null: exit code 0; otherwise why not, in words. Resolves when the command has exited; when it was ended early, only
   * once nothing of its group is left.
   */
  readonly finished: Promise<string | null>;
  /** TERM to its whole group, and KILL after `graceMs`; `finished` follows. */
  cancel(): void;
  /** KILL to its whole group. */
  kill(): void;
}

/** What is asked of a command under way. */
interface Wishes {
  readonly cancelled: AbortSignal;
  readonly killed: AbortSignal;
}

/** Starts the command in a process group of its own, without a shell. */
export function runCommand(request: CommandRequest): RunningCommand {
  const cancelling = new AbortController();
  const killing = new AbortController();
  const wishes = { cancelled: cancelling.signal, killed: killing.signal };
  return {
    // Whatever is in the way (no descriptor to read execa with), a caller waits for the end.
    finished: run(request, wishes).catch(
      (error: unknown) =>
        `it could not be started: ${error instanceof Error ? error.message : String(error)}`,
    ),
    cancel() {
      cancelling.abort();
    },
    kill() {
      cancelling.abort();
      killing.abort();
    },
  };
}

async function run(request: CommandRequest, wishes: Wishes): Promise<string | null> {
  const { spec, manager } = request;
  const environment = environmentOf(spec, manager);
  if (!environment.ok) return environment.reason;
  const [word = '', ...args] = request.command;
  const searchPath = environment.env['PATH'];
  const file = programFile(word, { baseDir: spec.baseDir, cwd: spec.cwd, searchPath });
  if (file === null) return `there is no program ${word} in PATH`;
  const { execa } = await import('execa');
  if (wishes.cancelled.aborted) return 'it was cancelled';
  const env = { ...environment.env, ...request.env };
  const made = become({ program: file, args, env, credentials: spec.credentials, listens: false });
  if (!made.ok) return made.reason;
  const { becoming } = made;
  // A shell that becomes the program would only exit with 126 or 127.
  const failure = becoming.file === file ? null : execFailure(file, spec.credentials.uid);
  if (failure !== null) return startFailure(failure, file, spec.cwd) ?? failure;
  const child = execa(becoming.file, becoming.args, {
    cwd: spec.cwd,
    env: becoming.env,
    extendEnv: false,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    detached: true,
    ...becoming.ids,
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
  return await untilExit(child, unstarted, request, wishes);
}

/**
 * A grandchild that holds the pipes would keep execa's promise pending: the leader's exit decides. One that is ended early
 * is waited for with its whole group, so that nothing of it goes on unnoticed.
 */
function untilExit(
  child: ChildProcess,
  unstarted: Promise<string>,
  { timeoutMs, graceMs }: CommandRequest,
  { cancelled, killed }: Wishes,
): Promise<string | null> {
  return new Promise((resolve) => {
    const { pid } = child;
    if (pid === undefined) {
      void unstarted.then(resolve);
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
    cancelled.addEventListener('abort', onCancel);
    killed.addEventListener('abort', kill);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      cancelled.removeEventListener('abort', onCancel);
      const failure = code === 0 ? null : signal === null ? `exit code ${code ?? 0}` : `ended by ${signal}`;
      if (why === '') resolve(failure);
      else
        awaitGroupGone(pid, () => {
          clearTimeout(grace);
          killed.removeEventListener('abort', kill);
          resolve(why);
        });
    });
  });
}
