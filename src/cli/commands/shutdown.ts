import { tell } from '../../report/console.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts, followEvents } from '../../control/client.ts';
import { askManager, errorOf, findSocket } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

/** Between two looks at a manager whose events cannot be followed, in ms. */
const LOOK_EVERY_MS = 200;

/** `alternate shutdown`: asks, and waits until the manager has gone. */
export async function shutdown(options: GlobalOptions): Promise<ExitCode> {
  const found = await findSocket(options);
  if (!found.ok) return found.code;
  const following = new AbortController();
  const followed = followEvents(
    found.socket,
    () => undefined,
    () => undefined,
    following.signal,
  );
  const answer = await askManager({ ...options, socket: found.socket }, 'POST', '/v1/shutdown');
  if (!answer.ok) {
    following.abort();
    return answer.code;
  }
  const problem = errorOf(answer);
  if (problem !== null) {
    following.abort();
    tell(`alternate: ${problem}`);
    return EXIT.failed;
  }
  const { ok: wasFollowed } = await followed;
  // The manager has too many readers of events already: ask it instead whether it still answers.
  if (!wasFollowed) while (await accepts(found.socket)) await delay(LOOK_EVERY_MS);
  tell('everything has stopped');
  return EXIT.done;
}
