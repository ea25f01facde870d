import { printMessage } from '../../report/console.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts, followEvents } from '../../control/client.ts';
import { askManager, errorMessageOf, findSocket } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

/** How often a manager is checked if its events cannot be followed, in ms. */
const LOOK_EVERY_MS = 200;

/** `alternate shutdown`: requests the shutdown and waits until the manager has ended. */
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
  const problem = errorMessageOf(answer);
  if (problem !== null) {
    following.abort();
    printMessage(`alternate: ${problem}`);
    return EXIT.failed;
  }
  const { ok: wasFollowed } = await followed;
  // If the manager has too many readers of events, check whether it still accepts connections.
  if (!wasFollowed) while (await accepts(found.socket)) await delay(LOOK_EVERY_MS);
  printMessage('everything has stopped');
  return EXIT.done;
}
