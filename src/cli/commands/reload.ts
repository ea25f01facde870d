import type { FailedService } from '../../api/status-document.ts';
import { print, printMessage } from '../../report/console.ts';
import { askManager, errorOf } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

const KINDS = ['added', 'removed', 'changed', 'applied', 'unchanged'] as const;

type Result = Partial<Record<(typeof KINDS)[number] | 'errors', readonly string[]>> & {
  readonly failed?: readonly FailedService[];
};

/**
 * `alternate reload`: what was done to each service once the roll-outs are over, or every mistake of a configuration that
 * is refused. A roll-out that fails is a failure of the command.
 */
export async function reload(options: GlobalOptions, own: { readonly json?: boolean }): Promise<ExitCode> {
  const answer = await askManager(options, 'POST', '/v1/reload');
  if (!answer.ok) return answer.code;
  if (own.json === true) print(`${JSON.stringify(answer.body)}\n`);
  const result = answer.body as Result;
  if (answer.status === 422) {
    printMessage(
      ['the new configuration is refused, nothing has changed:', ...(result.errors ?? [])].join('\n'),
    );
    return EXIT.usage;
  }
  const problem = errorOf(answer);
  if (problem !== null) {
    printMessage(`alternate: ${problem}`);
    return EXIT.failed;
  }
  const failed = result.failed ?? [];
  if (own.json !== true) {
    const failures = new Map(failed.map(({ service, reason }) => [service, reason]));
    for (const kind of KINDS)
      for (const name of result[kind] ?? []) printMessage(sentence(name, kind, failures.get(name)));
  }
  return failed.length === 0 ? EXIT.done : EXIT.failed;
}

function sentence(name: string, kind: (typeof KINDS)[number], failure: string | undefined): string {
  if (failure === undefined)
    return `${name}: ${kind === 'applied' ? 'settings applied, not restarted' : kind}`;
  if (kind === 'changed')
    return `${name}: the new configuration did not come up: ${failure}. The one before it stays in force; fix it, then reload again`;
  return `${name}: ${kind}, but did not start: ${failure}. See alternate status ${name}`;
}
