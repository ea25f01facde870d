/** Finds the manager of a client command and sends requests to it. */
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
 * The manager's socket: `--socket`, else the one of `--config`, else `$ALTERNATE_SOCKET`, else the one of the
 * configuration that is found. The default place is tried before `control.socket` is read from the configuration: that
 * is fast, and finds the manager even if the file has an error. If there is no socket, prints why.
 */
export async function findSocket(options: GlobalOptions): Promise<Found> {
  const named =
    options.socket ?? (options.config === undefined ? process.env['ALTERNATE_SOCKET'] : undefined);
  if (named !== undefined && named !== '') return { ok: true, socket: path.resolve(named) };
  const search = options.config === undefined ? await findConfig(process.cwd()) : null;
  if (search?.ok === false) {
    printMessage(`alternate: ${search.reason.message}\n  hint: ${search.reason.hint}`);
    return { ok: false, code: EXIT.usage };
  }
  const file = options.config ?? search?.value ?? null;
  if (file === null) {
    printMessage(
      'alternate: there is no configuration in this folder or above. Give its path with --config, or the path of the control socket with --socket',
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
  const [{ loadControl }, { describeErrors }] = await Promise.all([
    import('../../config/load.ts'),
    import('../configuration.ts'),
  ]);
  const loaded = await loadControl({ file, cwd: process.cwd() });
  if (!loaded.ok) {
    printMessage(describeErrors(loaded).join('\n\n'));
    return { ok: false, code: EXIT.usage };
  }
  if (loaded.control === null) {
    printMessage(
      `alternate: the manager has no control socket: ${file} switches it off (control.socket: false)`,
    );
    return { ok: false, code: EXIT.failed };
  }
  if (loaded.control.path !== null) return { ok: true, socket: loaded.control.path };
  const other = await otherManager(path.basename(usual), owner);
  if (other === null) return { ok: true, socket: usual };
  printMessage(`alternate: ${other}`);
  return { ok: false, code: EXIT.failed };
}

/** Sends a request to the manager of these options. If it does not answer, prints why and returns an exit code. */
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
    return `alternate: you have no permission to use ${socket}. It belongs to the user who runs the manager`;
  if (code === 'ENOENT')
    return `alternate: no manager is running: there is no socket ${socket}. To start a manager: alternate --config FILE`;
  if (code === 'ECONNREFUSED')
    return `alternate: no manager is running: the one that created ${socket} has ended. To start a manager: alternate --config FILE`;
  if (code === 'too-many-readers')
    return `alternate: the manager on ${socket} refuses the request: ${reason}`;
  return `alternate: the manager on ${socket} did not answer: ${reason}`;
}

/** The error message of an answer. Null if the answer is not an error. */
export function errorMessageOf(answer: Asked & { ok: true }): string | null {
  if (answer.status < 400) return null;
  const error = (answer.body as { error?: { message?: string } } | null)?.error;
  return printable(error?.message ?? `the manager answered with status ${answer.status}`);
}
