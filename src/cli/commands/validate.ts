/** `alternate validate`. */
import { formatDiagnostic } from '../../config/diagnostic.ts';
import { inOrder } from '../../config/read/source.ts';
import { loadAsked, warningsOf } from '../configuration.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';
import { printMessage } from '../../report/console.ts';

/**
 * Prints every error of the configuration and every warning about it and this machine, in the order of the file, then
 * one line that counts them. With `strict`, warnings are a failure too.
 */
export async function validate(
  options: GlobalOptions,
  { strict = false }: { readonly strict?: boolean },
): Promise<ExitCode> {
  const { loaded } = await loadAsked(options);
  const warnings = warningsOf(loaded);
  const errors = loaded.ok ? [] : loaded.diagnostics;
  for (const diagnostic of inOrder([...errors, ...warnings]))
    printMessage(`${formatDiagnostic(diagnostic, process.cwd())}\n`);
  const counted = [
    ...(loaded.ok ? [count(loaded.config.services.length, 'service')] : []),
    errors.length === 0 ? 'no errors' : count(errors.length, 'error'),
    ...(warnings.length === 0 ? [] : [count(warnings.length, 'warning')]),
  ].join(', ');
  if (loaded.ok) printMessage(`${loaded.config.path ?? ''}: ${counted}`);
  else if (errors.length + warnings.length > 1) printMessage(counted);
  return errors.length > 0 || (strict && warnings.length > 0) ? EXIT.usage : EXIT.done;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
