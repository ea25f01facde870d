/** The configuration that a command line asks for. */
import { formatDiagnostic, formatDiagnosticLine, type Diagnostic } from '../config/diagnostic.ts';
import { findConfig } from '../config/read/find.ts';
import { loadConfig, type LoadResult } from '../config/load.ts';
import { inOrder } from '../config/read/source.ts';
import type { Config } from '../config/types.ts';
import { printMessage } from '../report/console.ts';
import { hostWarnings } from './run/host-warnings.ts';
import type { GlobalOptions } from './options.ts';

/** Each mistake of a configuration as people read it. */
export function describeMistakes(failed: LoadResult & { ok: false }): string[] {
  return failed.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, process.cwd()));
}

/** What is probably wrong with a configuration, in itself and on this machine, in the order of its lines. */
export function warningsOf(loaded: LoadResult): readonly Diagnostic[] {
  if (!loaded.ok) return loaded.warnings ?? [];
  return inOrder([...loaded.warnings, ...loaded.locate(hostWarnings(loaded.config))]);
}

/** Each warning on a line of its own, for the log. */
export function describeWarnings(loaded: LoadResult): readonly string[] {
  return warningsOf(loaded).map((warning) => formatDiagnosticLine(warning, process.cwd()));
}

export interface Requested {
  readonly config: Config;
  readonly loaded: LoadResult & { ok: true };
  /** As it was named or found, so that links in it are followed again at a reload. */
  readonly file: string;
}

/** Finds and loads it. `file` is empty if there is none. */
export async function loadAsked(
  options: Pick<GlobalOptions, 'config'>,
): Promise<{ readonly loaded: LoadResult; readonly file: string }> {
  const cwd = process.cwd();
  const file = options.config ?? (await fileFound(cwd));
  return { loaded: await loadConfig({ ...(file !== undefined && { file }), cwd }), file: file ?? '' };
}

/** The same; null, and every mistake on stderr, where it is wrong. */
export async function loadRequested(options: Pick<GlobalOptions, 'config'>): Promise<Requested | null> {
  const { loaded, file } = await loadAsked(options);
  if (loaded.ok) return { config: loaded.config, loaded, file };
  const mistakes = describeMistakes(loaded);
  printMessage(mistakes.join('\n\n'));
  if (mistakes.length > 1) printMessage(`\n${mistakes.length} mistakes; nothing was started`);
  return null;
}

/** Undefined if there is none to be used; then `loadConfig` searches again and reports why. */
async function fileFound(cwd: string): Promise<string | undefined> {
  const search = await findConfig(cwd);
  return search.ok && search.file !== null ? search.file : undefined;
}
