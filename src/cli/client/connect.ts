/** How a client command finds its manager and speaks to it. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { findConfig } from '../../config/read/find.ts';
import { accepts, ask, type Asked } from '../../control/client.ts';
import { defaultSocketPath } from '../../control/socket-path.ts';
import { printMessage } from '../../report/console.ts';
import { printable } from '../../util/printable.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';
import { otherManager } from './other-managers.ts';

export type Found =
  { readonly ok: true; readonly socket: string } | { readonly ok: false; readonly code: ExitCode };

/**
 * The manager's socket: `--socket`, else `--config`'s, else `$ALTERNATE_SOCKET`, else that of the configuration that is
 * found. The default
 * place is tried before the configuration is read for its `control.socket`: that costs nothing, and finds the manager
 * even while the file has a mistake in it. Says what is wrong where there is none.
 */
export async function findSocket(options: GlobalOptions): Promise<Found> {
  const named =
    options.socket ?? (options.config === undefined ? process.env['ALTERNATE_SOCKET'] : undefined);
  if (named !== undefined && named !== '') return { ok: true, socket: path.resolve(named) };
  const search = options.config === undefined ? await findConfig(process.cwd()) : null;
  if (search?.ok === false) {
    printMessage(`alternate: ${search.reason}\n  hint: ${search.hint}`);
    return { ok: false, code: EXIT.usage };
  }
  const file = options.config ?? search?.file ?? null;
  if (file === null) {
    printMessage(
      'alternate: no configuration found from here upward; name it with --config, or the manager with --socket',
    );
    return { ok: false, code: EXIT.usage };
  }
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    printMessage(`alternate: ${file} does not exist`);
    return { ok: false, code: EXIT.usage };
  }
  const usual = defaultSocketPath(path.resolve(file));
  if (await accepts(usual)) return { ok: true, socket: usual };
  return await configuredSocket(file, usual, found.uid);
}

async function configuredSocket(file: string, usual: string, owner: number): Promise<Found> {
  const [{ loadControl }, { describeMistakes }] = await Promise.all([
    import('../../config/load.ts'),
    import('../configuration.ts'),
  ]);
  const loaded = await loadControl({ file, cwd: process.cwd() });
  if (!loaded.ok) {
    printMessage(describeMistakes(loaded).join('\n\n'));
    return { ok: false, code: EXIT.usage };
  }
  if (loaded.control === null) {
    printMessage(`alternate: ${file} switches the control socket off (control.socket: false)`);
    return { ok: false, code: EXIT.failed };
  }
  if (loaded.control.path !== null) return { ok: true, socket: loaded.control.path };
  const other = await otherManager(path.basename(usual), owner);
  if (other === null) return { ok: true, socket: usual };
  printMessage(`alternate: ${other}`);
  return { ok: false, code: EXIT.failed };
}

/** Asks the manager that belongs to these options. Says what is wrong, and returns an exit code, where nobody answers. */
export async function askManager(
  options: GlobalOptions,
  method: 'GET' | 'POST',
  target: string,
  body?: unknown,
): Promise<(Asked & { ok: true }) | { ok: false; code: ExitCode }> {
  const found = await findSocket(options);
  if (!found.ok) return found;
  const answer = await ask(found.socket, method, target, body === undefined ? {} : { body });
  if (answer.ok) return answer;
  printMessage(noManager(found.socket, answer.code, answer.reason));
  return { ok: false, code: EXIT.failed };
}

export function noManager(socket: string, code: string, reason: string): string {
  if (code === 'EACCES')
    return `alternate: you may not use ${socket}; it belongs to the user who runs the manager`;
  if (code === 'ENOENT')
    return `alternate: no manager is running: there is no socket ${socket}; start it with: alternate --config FILE`;
  if (code === 'ECONNREFUSED')
    return `alternate: no manager answers on ${socket}: the one that made it has ended; start it with: alternate --config FILE`;
  if (code === 'too-many-readers') return `alternate: the manager on ${socket} refuses: ${reason}`;
  return `alternate: the manager on ${socket} did not answer: ${reason}`;
}

/** The message of an error answer; null where the answer is none. */
export function errorOf(answer: Asked & { ok: true }): string | null {
  if (answer.status < 400) return null;
  const error = (answer.body as { error?: { message?: string } } | null)?.error;
  return printable(error?.message ?? `the manager answered with status ${answer.status}`);
}
