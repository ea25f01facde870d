/** `alternate events`. */
import { followEvents } from '../../control/client.ts';
import { print, stdoutClosed, printMessage } from '../../report/console.ts';
import { sentenceOf } from '../../report/sentence.ts';
import type { Event } from '../../api/event.ts';
import { printable } from '../../util/printable.ts';
import { findSocket, noManager } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

/** Prints one line per event, until the manager ends or the reader goes away. Both are a success. */
export async function events(options: GlobalOptions, own: { readonly json?: boolean }): Promise<ExitCode> {
  const found = await findSocket(options);
  if (!found.ok) return found.code;
  const seen = { dropped: false };
  const following = new AbortController();
  void stdoutClosed().then(() => {
    following.abort();
  });
  const followed = await followEvents(
    found.socket,
    (json) => {
      seen.dropped ||= (JSON.parse(json) as Event).type === 'events-dropped';
      print(own.json === true ? `${json}\n` : `${line(json)}\n`);
    },
    () => undefined,
    following.signal,
  );
  if (followed.ok) return seen.dropped ? EXIT.failed : EXIT.done;
  printMessage(noManager(found.socket, followed.reason.code, followed.reason.message));
  return EXIT.failed;
}

function line(json: string): string {
  const { at, ...event } = JSON.parse(json) as Event & { at: unknown };
  const { text } = sentenceOf(event as Event);
  const name = event.service === null ? '' : `${event.service}: `;
  return printable(`${String(at)} ${name}${text.replaceAll('\n', ' | ')}`);
}
