/** `alternate start`, `stop` and `restart`. */
import { printMessage } from '../../report/console.ts';
import type { ServiceStatus } from '../../api/status-document.ts';
import { printable } from '../../util/printable.ts';
import { askManager, errorMessageOf } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

type Action = 'start' | 'stop' | 'restart';

/** Performs the action on all services at the same time, and prints one line per service when it is done. */
export async function act(
  options: GlobalOptions,
  action: Action,
  names: readonly string[],
): Promise<ExitCode> {
  const codes = await Promise.all([...new Set(names)].map((name) => actOn(options, action, name)));
  return codes.find((code) => code !== EXIT.done) ?? EXIT.done;
}

async function actOn(options: GlobalOptions, action: Action, name: string): Promise<ExitCode> {
  const answer = await askManager(options, 'POST', `/v1/services/${encodeURIComponent(name)}/${action}`);
  if (!answer.ok) return answer.code;
  const problem = errorMessageOf(answer);
  if (problem !== null) {
    printMessage(`alternate: ${problem}`);
    return EXIT.failed;
  }
  const service = answer.body as ServiceStatus;
  const reached = action === 'stop' ? service.state === 'stopped' : service.current !== null;
  const detail = service.detail === null ? '' : ` (${service.detail})`;
  printMessage(printable(`${name}: ${service.state}${detail}`));
  return reached ? EXIT.done : EXIT.failed;
}
