import { parseSignal } from '../../config/values/signal-names.ts';
import { printMessage } from '../../report/console.ts';
import { askManager, errorMessageOf } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

/** `alternate signal SERVICE [SIGNAL]`. */
export async function signal(options: GlobalOptions, name: string, word: string): Promise<ExitCode> {
  const parsed = parseSignal(word);
  if (!parsed.ok) {
    const { suggestion } = parsed.reason;
    const meant = suggestion === null ? '' : ` (did you mean ${suggestion}?)`;
    printMessage(`alternate: there is no signal "${word}" on this system${meant}`);
    return EXIT.usage;
  }
  const target = `/v1/services/${encodeURIComponent(name)}/signal`;
  const answer = await askManager(options, 'POST', target, { signal: parsed.value });
  if (!answer.ok) return answer.code;
  const problem = errorMessageOf(answer);
  printMessage(problem === null ? `${name}: ${parsed.value} accepted` : `alternate: ${problem}`);
  return problem === null ? EXIT.done : EXIT.failed;
}
