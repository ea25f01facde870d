import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { placeless, type Diagnostic } from './diagnostic.ts';
import { toPlain } from './plain.ts';
import { toDiagnostics, type Source } from './source.ts';

export type ReadModule =
  | { readonly ok: true; readonly source: Source; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

let loads = 0;

/**
 * Runs a configuration that is a JavaScript module and takes its default export, or `module.exports`. Each call runs
 * the file anew; modules that it imports in turn stay as they were first loaded.
 */
export async function readModule(file: string): Promise<ReadModule> {
  let exported: unknown;
  try {
    exported = await runAnew(file);
  } catch (error) {
    return { ok: false, diagnostics: [describeThrown(file, error)] };
  }
  if (typeof exported !== 'object' || exported === null) {
    const hint = 'export default { services: { … } }';
    return { ok: false, diagnostics: [placeless(file, 'the module exports no configuration', hint)] };
  }
  const { data, mistakes } = toPlain(exported);
  const source: Source = { file, text: null, data, place: () => null, written: () => null };
  const diagnostics = toDiagnostics(source, mistakes);
  return mistakes.length > 0 ? { ok: false, diagnostics } : { ok: true, source, diagnostics };
}

async function runAnew(file: string): Promise<unknown> {
  // A CommonJS module is cached by its path, whatever the query; any other by its whole URL.
  const require = createRequire(file);
  Reflect.deleteProperty(require.cache, require.resolve(file));
  loads += 1;
  const url = pathToFileURL(file);
  url.searchParams.set('load', String(loads));
  const module = (await import(/* @vite-ignore */ url.href)) as { readonly default?: unknown };
  return module.default;
}

function describeThrown(file: string, error: unknown): Diagnostic {
  if (!(error instanceof Error)) return placeless(file, `the module throws ${String(error)}`);
  const message = `the module cannot be run: ${error.name}: ${error.message}`;
  const place =
    placeIn(error.stack ?? '', file) ?? (error instanceof SyntaxError ? placeOfSyntaxError(file) : null);
  return place === null ? placeless(file, message) : { ...placeless(file, message), ...place };
}

interface Place {
  readonly line: number;
  readonly column: number | null;
}

/** Node keeps the place of a syntax error to itself, but for the one of the program that it is started with. */
function placeOfSyntaxError(file: string): Place | null {
  const check = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 });
  return placeIn(check.stderr, file);
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
