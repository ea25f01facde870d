import { classicConfig } from '../../config/classic-config.ts';
import { printMessage } from '../../report/console.ts';
import { describeErrors } from '../configuration.ts';
import type { EarlySignals } from '../run/early-signals.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { supervise } from '../run/supervise.ts';

/** `alternate "<command>" <parameters...> <overlap>`: one service, without a file and without a control socket. */
export async function runClassic(words: readonly string[], early: EarlySignals): Promise<ExitCode> {
  const [command = '', ...rest] = words;
  const overlap = rest.pop() ?? '';
  const made = classicConfig(command, rest, overlap, process.cwd());
  if (!made.ok) {
    printMessage(describeErrors(made).join('\n'));
    return EXIT.usage;
  }
  const { config } = made;
  return await supervise(
    { config, logLevel: 'info', socket: null, load: null, rosterFile: null, warnings: [], welcome: null },
    early,
  );
}
