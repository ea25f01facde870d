/** Loads the configuration of a command line and prints its errors and warnings. */
import { formatDiagnostic, formatDiagnosticLine, type Diagnostic } from '../config/diagnostic.ts';
import { findConfig } from '../config/read/find.ts';
import { loadConfig, type LoadResult } from '../config/load.ts';
import { inOrder } from '../config/read/source.ts';
import type { Config } from '../config/types.ts';
import { printMessage } from '../report/console.ts';
import { hostWarnings } from './run/host-warnings.ts';
import type { GlobalOptions } from './options.ts';

/** Each error of a configuration as text, with its frame and hint. */
export function describeErrors(failed: LoadResult & { ok: false }): string[] {
  return failed.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, process.cwd()));
}

/** The warnings about a configuration and about this machine, in the order of the lines. */
export function warningsOf(loaded: LoadResult): readonly Diagnostic[] {
  if (!loaded.ok) return loaded.warnings ?? [];
  return inOrder([...loaded.warnings, ...loaded.locate(hostWarnings(loaded.config))]);
}

/** Each warning on one line, for the log. */
export function describeWarnings(loaded: LoadResult): readonly string[] {
  return warningsOf(loaded).map((warning) => formatDiagnosticLine(warning, process.cwd()));
}

export interface Requested {
  readonly config: Config;
  readonly loaded: LoadResult & { ok: true };
  /** The path as it was given or found, so that a reload follows its links again. */
  readonly file: string;
}

/** Finds and loads the configuration. `file` is empty if there is none. */
export async function loadAsked(
  options: Pick<GlobalOptions, 'config'>,
): Promise<{ readonly loaded: LoadResult; readonly file: string }> {
  const cwd = process.cwd();
  const file = options.config ?? (await fileFound(cwd));
  return { loaded: await loadConfig({ ...(file !== undefined && { file }), cwd }), file: file ?? '' };
}

/** Finds and loads the configuration. If it has errors, prints them and returns null. */
export async function loadRequested(options: Pick<GlobalOptions, 'config'>): Promise<Requested | null> {
  const { loaded, file } = await loadAsked(options);
  if (loaded.ok) return { config: loaded.config, loaded, file };
  const errors = describeErrors(loaded);
  printMessage(errors.join('\n\n'));
  if (errors.length > 1) printMessage(`\n${errors.length} errors; nothing was started`);
  return null;
}

/** Undefined if there is no usable file. Then `loadConfig` searches again and reports why. */
async function fileFound(cwd: string): Promise<string | undefined> {
  const search = await findConfig(cwd);
  return search.ok ? (search.value ?? undefined) : undefined;
}
