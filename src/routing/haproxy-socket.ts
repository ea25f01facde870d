/** One command and its answer over HAProxy's runtime API; management guide, 9.3 "Unix Socket commands". */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LONGEST_SOCKET_PATH } from '../util/longest-socket-path.ts';

export type HaproxyAnswer =
  | { readonly ok: true; readonly text: string }
  /**
   * `gone`: nobody is there who takes requests. `passing`: it may be otherwise in a moment, as while HAProxy is restarted.
   */
  | { readonly ok: false; readonly reason: string; readonly gone: boolean; readonly passing: boolean };

/** A backend of 10,000 servers has 1.5 MB of state. */
const LONGEST_ANSWER = 16 * 2 ** 20;
const RETRY_EVERY_MS = 50;
/** What a worker says that a reload (SIGUSR2) is about to replace; its successor has the socket a moment later. */
const RETIRING_WORKER = /^Proxy is disabled\b/;

/**
 * Sends a command in a connection of its own, the mode that the guide gives to scripts: HAProxy closes after the answer,
 * so that its end is known.
 * @param deadline on the clock of `performance.now()`
 * @param retry whether a failure that is `passing` is tried again until then
 * @returns the answer without the empty line that ends it: '' is "done" for a command that has nothing to tell
 */
export async function askHaproxy(
  socketPath: string,
  command: string,
  deadline: number,
  retry: boolean,
): Promise<HaproxyAnswer> {
  const bytes = Buffer.byteLength(socketPath);
  if (bytes > LONGEST_SOCKET_PATH)
    return failure(
      `HAProxy's socket ${socketPath} has too long a path: ${bytes} bytes, at most ${LONGEST_SOCKET_PATH}`,
    );
  for (;;) {
    const answer = await exchange(socketPath, command, deadline);
    if (answer.ok || !answer.passing || !retry || performance.now() + RETRY_EVERY_MS >= deadline)
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
        failure(
          `HAProxy does not answer on ${socketPath} (ETIMEDOUT, after ${Math.round(patienceMs)}ms): does it hang, or is that another program's socket?`,
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
        settle(failure(`${socketPath} answers without an end: is it HAProxy's "stats socket"?`));
    });
    socket.once('end', () => {
      settle(readAnswer(Buffer.concat(chunks).toString('utf8'), socketPath));
    });
    // Not ended from here: HAProxy may take a closed half for a client that has gone.
    socket.write(`${command}\n`);
  });
}

/** What follows the text of an answer is an empty line. */
function readAnswer(text: string, socketPath: string): HaproxyAnswer {
  if (text === '\n') return { ok: true, text: '' };
  if (RETIRING_WORKER.test(text))
    return failure(`HAProxy on ${socketPath} is being stopped: ${JSON.stringify(text.trim())}`, {
      gone: true,
      passing: true,
    });
  if (text.endsWith('\n\n')) return { ok: true, text: text.trim() };
  const what = text === '' ? 'without an answer' : `after ${JSON.stringify(text.slice(0, 80))}`;
  return failure(
    `the connection to HAProxy on ${socketPath} was closed ${what}: is that HAProxy's "stats socket"?`,
    { passing: true },
  );
}

function connectionFailure(error: NodeJS.ErrnoException, socketPath: string): HaproxyAnswer {
  const code = error.code ?? error.message;
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return failure(
        `HAProxy does not answer on ${socketPath} (${code}): does it run, with "stats socket ${socketPath} level admin" in its configuration?`,
        { gone: true, passing: true },
      );
    case 'EACCES':
    case 'EPERM':
      return failure(
        `this user may not use HAProxy's socket ${socketPath} (${code}): give it access by "user", "group" and "mode" of its "stats socket"`,
      );
    default:
      return failure(`HAProxy does not answer on ${socketPath} (${code})`, {
        passing: ['ECONNRESET', 'EPIPE', 'EAGAIN'].includes(code),
      });
  }
}

function failure(
  reason: string,
  of: { readonly gone?: boolean; readonly passing?: boolean } = {},
): HaproxyAnswer {
  return { ok: false, reason, gone: of.gone ?? false, passing: of.passing ?? false };
}
