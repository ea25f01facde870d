/** The configuration that a command line asks for. */
import { formatDiagnostic } from '../config/diagnostic.ts';
import { findConfig } from '../config/find.ts';
import { loadConfig, type LoadResult } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import { tell } from '../report/console.ts';
import type { GlobalOptions } from './main.ts';

/** Each mistake of a configuration as people read it. */
export function describeMistakes(failed: LoadResult & { ok: false }): string[] {
  return failed.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, process.cwd()));
}

export interface Requested {
  readonly config: Config;
  /** As it was named or found, so that links in it are followed again at a reload. */
  readonly file: string;
}

/** Finds and loads it; null, and every mistake on stderr, where it is wrong. */
export async function loadRequested(options: Pick<GlobalOptions, 'config'>): Promise<Requested | null> {
  const cwd = process.cwd();
  const file = options.config ?? (await fileFound(cwd));
  const loaded = await loadConfig({ ...(file !== undefined && { file }), cwd });
  if (loaded.ok) return { config: loaded.config, file: file ?? '' };
  const mistakes = describeMistakes(loaded);
  tell(mistakes.join('\n\n'));
  if (mistakes.length > 1) tell(`\n${mistakes.length} mistakes; nothing was started`);
  return null;
}

/** Undefined if there is none to be used; then `loadConfig` searches again and reports why. */
async function fileFound(cwd: string): Promise<string | undefined> {
  const search = await findConfig(cwd);
  return search.ok && search.file !== null ? search.file : undefined;
}
