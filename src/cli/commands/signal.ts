import { parseSignal } from '../../config/values/signal-names.ts';
import { printMessage } from '../../report/console.ts';
import { askManager, errorOf } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

/** `alternate signal SERVICE [SIGNAL]`. */
export async function signal(options: GlobalOptions, name: string, word: string): Promise<ExitCode> {
  const parsed = parseSignal(word);
  if (!parsed.ok) {
    const meant = parsed.suggestion === null ? '' : ` (did you mean ${parsed.suggestion}?)`;
    printMessage(`alternate: there is no signal "${word}" on this system${meant}`);
    return EXIT.usage;
  }
  const target = `/v1/services/${encodeURIComponent(name)}/signal`;
  const answer = await askManager(options, 'POST', target, { signal: parsed.signal });
  if (!answer.ok) return answer.code;
  const problem = errorOf(answer);
  printMessage(problem === null ? `${name}: ${parsed.signal} accepted` : `alternate: ${problem}`);
  return problem === null ? EXIT.done : EXIT.failed;
}
