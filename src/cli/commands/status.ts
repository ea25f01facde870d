/** `alternate status`. */
import { ask, followEvents } from '../../control/client.ts';
import type { ServiceStatus, StatusDocument } from '../../api/status-document.ts';
import {
  liveScreen,
  print,
  stdoutClosed,
  stdoutPaint,
  stdoutWidth,
  printMessage,
} from '../../report/console.ts';
import { statusTable } from '../../report/status-table.ts';
import { askManager, errorMessageOf, findSocket, noManager } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

/** `--watch` draws at least this often, for the uptimes, in ms. */
const REDRAW_MS = 1_000;
/** The shortest time between two drawings, in ms. */
const LEAST_MS = 100;

/**
 * `alternate status [SERVICE...]`: prints a table or the document, once or after each change. Fails if a service that is
 * shown has failed.
 */
export async function status(
  options: GlobalOptions,
  names: readonly string[],
  own: { readonly json?: boolean; readonly watch?: boolean },
): Promise<ExitCode> {
  if (own.watch === true) return await watch(options, names, own.json === true);
  const answer = await askManager(options, 'GET', '/v1/status');
  if (!answer.ok) return answer.code;
  const problem = errorMessageOf(answer);
  if (problem !== null) {
    printMessage(`alternate: ${problem}`);
    return EXIT.failed;
  }
  const selected = select(answer.body as StatusDocument, names);
  if (selected === null) return EXIT.failed;
  show(selected, own.json === true, print);
  return selected.services.some(({ state }) => state === 'failed') ? EXIT.failed : EXIT.done;
}

async function watch(options: GlobalOptions, names: readonly string[], json: boolean): Promise<ExitCode> {
  const found = await findSocket(options);
  if (!found.ok) return found.code;
  const screen = liveScreen();
  /** Set if the command ends before the manager does. */
  const ended: { code: ExitCode | null } = { code: null };
  const following = new AbortController();
  const end = (code: ExitCode): void => {
    ended.code = code;
    following.abort();
  };
  let due: NodeJS.Timeout | undefined;
  let last = '';
  const draw = async (): Promise<void> => {
    const answer = await ask(found.socket, 'GET', '/v1/status');
    due = setTimeout(() => void draw(), REDRAW_MS);
    if (!answer.ok) return;
    const selected = select(answer.body as StatusDocument, names);
    if (selected === null) {
      end(EXIT.failed);
      return;
    }
    show(selected, json, (text) => {
      // A screen shows each new uptime. Other output gets only changes.
      const comparable = JSON.stringify(selected.services);
      if (screen.lively || comparable !== last) screen.draw(text);
      last = comparable;
    });
  };
  const soon = (): void => {
    clearTimeout(due);
    due = setTimeout(() => void draw(), LEAST_MS);
  };
  const followed = followEvents(found.socket, soon, () => void draw(), following.signal);
  void stdoutClosed().then(() => {
    end(EXIT.done);
  });
  const result = await followed;
  clearTimeout(due);
  if (ended.code !== null) return ended.code;
  printMessage(
    result.ok
      ? 'alternate: the manager has ended'
      : noManager(found.socket, result.reason.code, result.reason.message),
  );
  return EXIT.failed;
}

function show(document: StatusDocument, json: boolean, write: (text: string) => void): void {
  write(
    json
      ? `${JSON.stringify(document, null, 2)}\n`
      : statusTable(document, Date.now(), stdoutPaint(), stdoutWidth()),
  );
}

/** The part about these services, or all services without names. If one is unknown, prints that and returns null. */
function select(document: StatusDocument, names: readonly string[]): StatusDocument | null {
  if (names.length === 0) return document;
  const known = new Map<string, ServiceStatus>(document.services.map((service) => [service.name, service]));
  const services = names.map((name) => known.get(name));
  const missing = names.find((name) => !known.has(name));
  if (missing === undefined)
    return { ...document, services: services.filter((service) => service !== undefined) };
  printMessage(
    `alternate: there is no service "${missing}". The services are: ${[...known.keys()].join(', ')}`,
  );
  return null;
}
