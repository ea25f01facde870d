/** `alternate reload`. */
import type { FailedService } from '../../api/reload-result.ts';
import { print, printMessage } from '../../report/console.ts';
import { askManager, errorMessageOf } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

const KINDS = ['added', 'removed', 'changed', 'applied', 'unchanged'] as const;

type Result = Partial<Record<(typeof KINDS)[number] | 'errors', readonly string[]>> & {
  readonly failed?: readonly FailedService[];
};

/**
 * When the roll-outs are over, prints what happened to each service. If the configuration is refused, prints its
 * errors. The command fails if a roll-out fails.
 */
export async function reload(options: GlobalOptions, own: { readonly json?: boolean }): Promise<ExitCode> {
  const answer = await askManager(options, 'POST', '/v1/reload');
  if (!answer.ok) return answer.code;
  if (own.json === true) print(`${JSON.stringify(answer.body)}\n`);
  const result = answer.body as Result;
  if (answer.status === 422) {
    printMessage(
      ['the new configuration is refused. Nothing has changed:', ...(result.errors ?? [])].join('\n'),
    );
    return EXIT.usage;
  }
  const problem = errorMessageOf(answer);
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
    return `${name}: ${kind === 'applied' ? 'settings applied without a restart' : kind}`;
  if (kind === 'changed')
    return `${name}: the new configuration failed: ${failure}. The previous one stays in force. Fix the file, then reload again`;
  return `${name}: ${kind}, but did not start: ${failure}. See alternate status ${name}`;
}
