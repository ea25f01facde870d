/** `alternate rotate`. */
import { ask } from '../../control/client.ts';
import type { ServiceStatus, StatusDocument } from '../../api/status-document.ts';
import { print, printMessage } from '../../report/console.ts';
import type { Colour } from '../../report/paint.ts';
import { isInterruption } from '../../rotator/interruption.ts';
import { formatDuration } from '../../util/duration.ts';
import { printable } from '../../util/printable.ts';
import { askManager, errorMessageOf, findSocket, noManager } from '../client/connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';
import { showProgress } from '../client/rotation-progress.ts';

interface RotateOptions {
  readonly all?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
}

interface Outcome {
  readonly service: string;
  readonly outcome: 'completed' | 'failed';
  readonly from: string | null;
  readonly to: string | null;
  readonly reason?: string;
  readonly durationMs: number;
}

/** Rotates services at the same time, shows the progress of each, and prints one line per service at the end. */
export async function rotate(
  options: GlobalOptions,
  names: readonly string[],
  own: RotateOptions,
): Promise<ExitCode> {
  const found = await findSocket(options);
  if (!found.ok) return found.code;
  const chosen = await choose({ ...options, socket: found.socket }, names, own.all === true);
  if (!chosen.ok) return chosen.code;
  const progress = own.wait ? showProgress(found.socket, chosen.names) : null;
  await progress?.opened;
  const codes = await Promise.all(
    chosen.names.map(async (name) => {
      const code = await rotateOne(found.socket, name, own, (line, colour) => {
        progress?.finished(name);
        printMessage(printable(line), colour);
      });
      return code;
    }),
  );
  progress?.close();
  return codes.find((code) => code !== EXIT.done) ?? EXIT.done;
}

type Chosen =
  { readonly ok: true; readonly names: readonly string[] } | { readonly ok: false; readonly code: ExitCode };

async function choose(options: GlobalOptions, names: readonly string[], all: boolean): Promise<Chosen> {
  if (names.length > 0 && all) {
    printMessage('alternate: give either services or --all, not both');
    return { ok: false, code: EXIT.usage };
  }
  if (names.length > 0) return { ok: true, names: [...new Set(names)] };
  const answer = await askManager(options, 'GET', '/v1/status');
  if (!answer.ok) return answer;
  const known = (answer.body as StatusDocument).services.map((service) => service.name);
  if (all || known.length === 1) return { ok: true, names: known };
  printMessage(`alternate: give a service or --all. The services are: ${known.join(', ')}`);
  return { ok: false, code: EXIT.usage };
}

async function rotateOne(
  socket: string,
  name: string,
  { wait, json, all = false }: RotateOptions,
  printLine: (line: string, colour?: Colour) => void,
): Promise<ExitCode> {
  const target = `/v1/services/${encodeURIComponent(name)}/rotate?wait=${wait}${all ? '&all=true' : ''}`;
  const answer = await ask(socket, 'POST', target);
  if (!answer.ok) {
    printLine(noManager(socket, answer.code, answer.reason));
    return EXIT.failed;
  }
  const problem = errorMessageOf(answer);
  if (json === true) print(`${JSON.stringify({ service: name, ...(answer.body as object) })}\n`);
  if (isLeftAlone(answer.body)) {
    printLine(`${name}: left alone: ${problem ?? ''}`);
    return EXIT.done;
  }
  if (problem !== null) {
    printLine(`${name}: not rotated: ${problem}`, 'red');
    return EXIT.failed;
  }
  if (answer.status === 202) {
    printLine(`${name}: rotation requested`);
    return EXIT.done;
  }
  const outcome = answer.body as Outcome;
  const failed = outcome.outcome === 'failed';
  const kept = failed && !isInterruption(outcome.reason ?? '') ? await whatServes(socket, name) : null;
  printLine(sentence(outcome, kept), failed ? 'red' : 'green');
  return failed ? EXIT.failed : EXIT.done;
}

/** Whether the service takes no part in a rotation of all services. */
function isLeftAlone(body: unknown): boolean {
  return (body as { error?: { code?: string } } | null)?.error?.code === 'left-alone';
}

/** The parameter that serves now. Null if there is none: the old instance may have ended meanwhile. */
async function whatServes(socket: string, name: string): Promise<string | null> {
  const answer = await ask(socket, 'GET', `/v1/services/${encodeURIComponent(name)}`);
  if (!answer.ok || answer.status !== 200) return null;
  return (answer.body as ServiceStatus).current?.parameter ?? null;
}

function sentence(
  { service, outcome, from, to, reason, durationMs }: Outcome,
  serving: string | null,
): string {
  const way = from === null || to === null ? '' : ` ${from} -> ${to}`;
  const took = formatDuration(Math.round(durationMs));
  if (outcome === 'completed') return `${service}: rotated${way} in ${took}`;
  const kept = serving === null ? '' : `; ${serving} keeps serving`;
  return `${service}: the rotation${way} failed after ${took}: ${reason ?? 'no reason given'}${kept}`;
}
