/** Searches for the configuration file, from a folder upward. */
import { accessSync, constants, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Options, PublicExplorer } from 'cosmiconfig';
import { distrust, distrustOfFolder, SETTINGS_OF_COSMICONFIG } from './trust.ts';

const PLACES = [
  'alternate.config.yaml',
  'alternate.config.yml',
  'alternate.config.json',
  'alternate.config.js',
  'alternate.config.mjs',
  'alternate.config.cjs',
  '.alternaterc',
  '.alternaterc.json',
  '.alternaterc.yaml',
  '.alternaterc.yml',
  '.alternaterc.js',
  '.alternaterc.mjs',
  '.alternaterc.cjs',
  'package.json',
] as const;

const BY_NAME = 'give the path of a configuration that you trust: --config FILE';

/** `file: null`: there is none. Not `ok`: there is one, or may be, and it must not be used. */
export type Search =
  | { readonly ok: true; readonly file: string | null }
  | { readonly ok: false; readonly reason: string; readonly hint: string };

/**
 * The nearest configuration file in a folder or above. The file is not read. A file that may be from another user is
 * refused. Rejects with the file system's error if a folder cannot be searched.
 */
export async function findConfig(cwd: string): Promise<Search> {
  // The search looks here first, so the result is the same. The usual case starts without cosmiconfig.
  const usual = join(cwd, PLACES[0]);
  if (isReadableFile(usual)) return found(usual);

  // When it is constructed, cosmiconfig 9 reads its own settings in the working directory. It runs them if they are
  // JavaScript.
  const stranger = distrustOfFolder(process.cwd());
  if (stranger !== null) return refusal(process.cwd(), stranger);
  const unreadable = obstacle(process.cwd(), SETTINGS_OF_COSMICONFIG);
  if (unreadable !== null) return unreadable;
  const { cosmiconfig } = (await import('cosmiconfig')).default;
  let explorer: PublicExplorer;
  try {
    explorer = cosmiconfig('alternate', {
      searchPlaces: [...PLACES],
      searchStrategy: 'none',
      // An empty file is found too: that it is empty is an error to report.
      ignoreEmptySearchPlaces: false,
      cache: false,
      loaders: LOADERS,
    });
  } catch (error) {
    const why = String(error).replace(/\s+/g, ' ');
    const reason = `the search with cosmiconfig failed, because it cannot read its settings in ${process.cwd()}: ${why}`;
    return { ok: false, reason, hint: BY_NAME };
  }
  for (let folder = cwd; ; folder = dirname(folder)) {
    const blocked = obstacle(folder, PLACES);
    if (blocked !== null) return blocked;
    const result = await explorer.search(folder);
    const empty = result?.isEmpty === true && basename(result.filepath) === 'package.json';
    if (result !== null && !empty) return found(result.filepath);
    if (folder === dirname(folder)) return { ok: true, file: null };
  }
}

function found(file: string): Search {
  const stranger = distrust(file);
  return stranger === null ? { ok: true, file } : refusal(file, stranger);
}

function refusal(file: string, stranger: string): Search {
  const reason = `${file} is not used, because it may come from another user: ${stranger}`;
  return { ok: false, reason, hint: BY_NAME };
}

/** cosmiconfig reads the files that it finds, and reading a FIFO can take forever. */
function obstacle(folder: string, names: readonly string[]): Search | null {
  const path = names.map((name) => join(folder, name)).find(wouldBlock);
  if (path === undefined) return null;
  const reason = `${path} is neither a file nor a folder, so the search does not open it`;
  return { ok: false, reason, hint: BY_NAME };
}

function wouldBlock(path: string): boolean {
  try {
    const stat = statSync(path);
    return !stat.isFile() && !stat.isDirectory();
  } catch {
    // If it does not exist or cannot be reached, the same is true for cosmiconfig.
    return false;
  }
}

function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    // The search that follows ignores this file too, or reports why it cannot be read.
    return false;
  }
}

/** Stands for the content of a file. */
const FOUND = (): object => ({});

/**
 * `load.ts` reads the file itself, to know lines and columns. cosmiconfig's own loaders would run a JavaScript
 * configuration before its owner is checked, and it would run again after that. For an error in YAML or JSON they would
 * throw without a place.
 */
const LOADERS: NonNullable<Options['loaders']> = {
  noExt: FOUND,
  '.yaml': FOUND,
  '.yml': FOUND,
  '.js': FOUND,
  '.mjs': FOUND,
  '.cjs': FOUND,
  '.json': (path, content) => (basename(path) === 'package.json' ? readPackage(content) : {}),
};

function readPackage(content: string): object {
  try {
    const data: unknown = JSON.parse(content);
    return typeof data === 'object' && data !== null ? data : {};
  } catch {
    // A broken package.json has no configuration for alternate.
    return {};
  }
}
