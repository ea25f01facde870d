import { print, tell } from '../../report/console.ts';
import { askManager, errorOf } from '../connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../main.ts';

const KINDS = ['added', 'removed', 'changed', 'unchanged'] as const;

type Result = Partial<Record<(typeof KINDS)[number] | 'errors', readonly string[]>>;

/** `alternate reload`: what was done to each service, or every mistake of a configuration that is refused. */
export async function reload(options: GlobalOptions, own: { readonly json?: boolean }): Promise<ExitCode> {
  const answer = await askManager(options, 'POST', '/v1/reload');
  if (!answer.ok) return answer.code;
  if (own.json === true) print(`${JSON.stringify(answer.body)}\n`);
  const result = answer.body as Result;
  if (answer.status === 422) {
    tell(['the new configuration is refused, nothing has changed:', ...(result.errors ?? [])].join('\n'));
    return EXIT.usage;
  }
  const problem = errorOf(answer);
  if (problem !== null) {
    tell(`alternate: ${problem}`);
    return EXIT.failed;
  }
  if (own.json !== true)
    for (const kind of KINDS) for (const name of result[kind] ?? []) tell(`${name}: ${kind}`);
  return EXIT.done;
}
