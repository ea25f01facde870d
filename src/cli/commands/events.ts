/** `alternate events`. */
import { followEvents } from '../../control/client.ts';
import { print, stdoutClosed, printMessage } from '../../report/console.ts';
import { sentenceOf } from '../../report/sentence.ts';
import type { Event } from '../../api/event.ts';
import { printable } from '../../util/printable.ts';
import { findSocket, noManager } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

/**
 * Prints one line per event, until the manager stops or the reader goes away. Both are a success. If the stream ends
 * without the manager's last event, events may be missing, and the command fails.
 */
export async function events(options: GlobalOptions, own: { readonly json?: boolean }): Promise<ExitCode> {
  const found = await findSocket(options);
  if (!found.ok) return found.code;
  const seen: { last: Event['type'] | null } = { last: null };
  const following = new AbortController();
  void stdoutClosed().then(() => {
    following.abort();
  });
  const followed = await followEvents(
    found.socket,
    (json) => {
      seen.last = (JSON.parse(json) as Event).type;
      print(own.json === true ? `${json}\n` : `${line(json)}\n`);
    },
    () => undefined,
    following.signal,
  );
  if (!followed.ok) printMessage(noManager(found.socket, followed.reason.code, followed.reason.message));
  else if (following.signal.aborted || seen.last === 'manager-stopped') return EXIT.done;
  else if (seen.last !== 'events-dropped')
    printMessage('alternate: the connection to the manager ended before the manager has stopped');
  return EXIT.failed;
}

function line(json: string): string {
  const { at, ...event } = JSON.parse(json) as Event & { at: unknown };
  const { text } = sentenceOf(event as Event);
  const name = event.service === null ? '' : `${event.service}: `;
  return printable(`${String(at)} ${name}${text.replaceAll('\n', ' | ')}`);
}
