/** Sends one command to HAProxy's runtime API; management guide, 9.3 "Unix Socket commands". */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LONGEST_SOCKET_PATH } from '../util/longest-socket-path.ts';
import { failure, success, type Result } from '../util/result.ts';

export interface NoAnswer {
  /** Why there is no answer, in one line for people. */
  readonly text: string;
  /** HAProxy does not run, so it sends no requests. */
  readonly gone: boolean;
  /** A later try may succeed, for instance while HAProxy restarts. */
  readonly temporary: boolean;
}

export type HaproxyAnswer = Result<string, NoAnswer>;

/** A backend of 10,000 servers has 1.5 MB of state. */
const LONGEST_ANSWER = 16 * 2 ** 20;
const RETRY_EVERY_MS = 50;
/** The answer of a worker that a reload (SIGUSR2) replaces. Its successor has the socket a moment later. */
const RETIRING_WORKER = /^Proxy is disabled\b/;

/**
 * Sends a command on a separate connection, which is the mode that the guide recommends for scripts: HAProxy closes the
 * connection after the answer, so the end of the answer is known.
 * @param deadline on the clock of `performance.now()`
 * @param retry whether to repeat the command until the deadline after a `temporary` failure
 * @returns the answer without the empty line at its end. '' means success for a command that prints nothing
 */
export async function askHaproxy(
  socketPath: string,
  command: string,
  deadline: number,
  retry: boolean,
): Promise<HaproxyAnswer> {
  const bytes = Buffer.byteLength(socketPath);
  if (bytes > LONGEST_SOCKET_PATH)
    return noAnswer(
      `the path of HAProxy's socket ${socketPath} is too long: ${bytes} bytes, at most ${LONGEST_SOCKET_PATH}`,
    );
  for (;;) {
    const answer = await exchange(socketPath, command, deadline);
    if (answer.ok || !answer.reason.temporary || !retry || performance.now() + RETRY_EVERY_MS >= deadline)
      return answer;
    await delay(RETRY_EVERY_MS);
  }
}

function exchange(socketPath: string, command: string, deadline: number): Promise<HaproxyAnswer> {
  return new Promise((resolve) => {
    const patienceMs = Math.max(0, deadline - performance.now());
    const chunks: Buffer[] = [];
    let length = 0;
    const socket = connect(socketPath);
    const settle = (answer: HaproxyAnswer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      settle(
        noAnswer(
          `HAProxy does not answer on ${socketPath} (ETIMEDOUT, after ${Math.round(patienceMs)}ms): does it hang, or does the socket belong to another program?`,
        ),
      );
    }, patienceMs);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      settle(connectionFailure(error, socketPath));
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > LONGEST_ANSWER)
        settle(noAnswer(`the answer on ${socketPath} does not end: is it HAProxy's "stats socket"?`));
    });
    socket.once('end', () => {
      settle(readAnswer(Buffer.concat(chunks).toString('utf8'), socketPath));
    });
    // This side is not ended: HAProxy could take a half-closed connection for a client that has gone.
    socket.write(`${command}\n`);
  });
}

/** An empty line follows the text of an answer. */
function readAnswer(text: string, socketPath: string): HaproxyAnswer {
  if (text === '\n') return success('');
  if (RETIRING_WORKER.test(text))
    return noAnswer(`HAProxy on ${socketPath} is stopping: ${JSON.stringify(text.trim())}`, {
      gone: true,
      temporary: true,
    });
  if (text.endsWith('\n\n')) return success(text.trim());
  const what = text === '' ? 'without an answer' : `after ${JSON.stringify(text.slice(0, 80))}`;
  return noAnswer(
    `the connection to HAProxy on ${socketPath} was closed ${what}: is that HAProxy's "stats socket"?`,
    { temporary: true },
  );
}

function connectionFailure(error: NodeJS.ErrnoException, socketPath: string): HaproxyAnswer {
  const code = error.code ?? error.message;
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return noAnswer(
        `HAProxy does not answer on ${socketPath} (${code}): does it run, with "stats socket ${socketPath} level admin" in its configuration?`,
        { gone: true, temporary: true },
      );
    case 'EACCES':
    case 'EPERM':
      return noAnswer(
        `this user may not use HAProxy's socket ${socketPath} (${code}): set "user", "group" and "mode" of its "stats socket"`,
      );
    default:
      return noAnswer(`HAProxy does not answer on ${socketPath} (${code})`, {
        temporary: ['ECONNRESET', 'EPIPE', 'EAGAIN'].includes(code),
      });
  }
}

function noAnswer(
  text: string,
  of: { readonly gone?: boolean; readonly temporary?: boolean } = {},
): HaproxyAnswer {
  return failure({ text, gone: of.gone ?? false, temporary: of.temporary ?? false });
}
