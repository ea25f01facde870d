/** Reads a configuration that is a JavaScript module. */
import { execFile } from 'node:child_process';
import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { formatDuration } from '../../util/duration.ts';
import { openRegular, UnsuitableFile } from '../../util/regular-file.ts';
import { placeless, type Diagnostic } from '../diagnostic.ts';
import { toPlain } from './plain.ts';
import { toDiagnostics, type Source } from './source.ts';

export type ReadModule =
  | { readonly ok: true; readonly source: Source; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** How long a module may take, in ms. A reload waits for it, and every later reload waits too. */
const DEADLINE_MS = 30_000;
const OVERDUE = Symbol('overdue');

let loads = 0;

/**
 * Runs a JavaScript module and returns its default export, or `module.exports`. Each call runs the file again. The
 * modules that it imports stay as they were first loaded. If the module still awaits something after `deadlineMs`, it
 * is given up. A module that loops without an `await` cannot be stopped, because it runs in this process. Throws
 * {@link UnsuitableFile}, or the error of open(2), if the file cannot be read.
 */
export async function readModule(file: string, deadlineMs = DEADLINE_MS): Promise<ReadModule> {
  // Checked first: the loader of Node.js also opens both files, and would wait for the writer of a FIFO.
  closeSync(openRegular(file));
  const obstacle = packageInTheWay(file);
  if (obstacle !== null) return { ok: false, diagnostics: [obstacle] };
  let exported: unknown;
  try {
    exported = await before(deadlineMs, runAgain(file));
  } catch (error) {
    return { ok: false, diagnostics: [await describeThrown(file, error)] };
  }
  if (exported === OVERDUE) {
    const message = `the module is not finished after ${formatDuration(deadlineMs)}`;
    const hint = 'it awaits something that does not happen: check each `await` outside of functions';
    return { ok: false, diagnostics: [placeless(file, message, hint)] };
  }
  if (typeof exported !== 'object' || exported === null) {
    const hint = 'export default { services: { … } }';
    return { ok: false, diagnostics: [placeless(file, 'the module exports no configuration', hint)] };
  }
  const { data, findings } = toPlain(exported);
  const source: Source = { file, text: null, data, place: () => null, written: () => null };
  const diagnostics = toDiagnostics(source, findings);
  return findings.length > 0 ? { ok: false, diagnostics } : { ok: true, source, diagnostics };
}

/** {@link OVERDUE} if the promise is not settled in time. Its later result is ignored. */
async function before(deadlineMs: number, promise: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise((resolve) => {
    timer = setTimeout(resolve, deadlineMs, OVERDUE);
  });
  return await Promise.race([promise, overdue]).finally(() => {
    clearTimeout(timer);
  });
}

/** Node.js reads the nearest `package.json` to find the kind of the module. Returns an error if that file is a FIFO. */
function packageInTheWay(file: string): Diagnostic | null {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    try {
      closeSync(openRegular(path));
      return null;
    } catch (error) {
      if (error instanceof UnsuitableFile) return placeless(path, `cannot be read: ${error.message}`);
    }
    if (folder === dirname(folder)) return null;
  }
}

async function runAgain(file: string): Promise<unknown> {
  // A CommonJS module is cached by its path, without the query. Every other module is cached by its whole URL.
  const require = createRequire(file);
  Reflect.deleteProperty(require.cache, require.resolve(file));
  loads += 1;
  const url = pathToFileURL(file);
  url.searchParams.set('load', String(loads));
  const module = (await import(/* @vite-ignore */ url.href)) as { readonly default?: unknown };
  return module.default;
}

async function describeThrown(file: string, error: unknown): Promise<Diagnostic> {
  if (!(error instanceof Error)) return placeless(file, `the module throws ${String(error)}`);
  const message = `the module cannot be run: ${error.name}: ${error.message}`;
  const place =
    placeIn(error.stack ?? '', file) ??
    (error instanceof SyntaxError ? await placeOfSyntaxError(file) : null);
  return place === null ? placeless(file, message) : { ...placeless(file, message), ...place };
}

interface Place {
  readonly line: number;
  readonly column: number | null;
}

/** Node.js prints the place of a syntax error only for the program that it is started with. */
function placeOfSyntaxError(file: string): Promise<Place | null> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--check', file], { timeout: 10_000 }, (_error, _stdout, stderr) => {
      resolve(placeIn(stderr, file));
    });
  });
}

/** The first line of a stack trace that is about the file: `file:///x/alternate.config.js?load=1:3:7`. */
function placeIn(stack: string, file: string): Place | null {
  const names = [pathToFileURL(file).href, file];
  for (const line of stack.split('\n')) {
    const name = names.find((candidate) => line.includes(candidate));
    const match =
      name === undefined
        ? null
        : /^(?:\?load=\d+)?:(\d+)(?::(\d+))?/.exec(line.slice(line.indexOf(name) + name.length));
    if (match) return { line: Number(match[1]), column: match[2] === undefined ? null : Number(match[2]) };
  }
  return null;
}
