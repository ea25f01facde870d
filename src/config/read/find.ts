/** Searches for the configuration file, from a folder upward. */
import { accessSync, constants, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Options, PublicExplorer } from 'cosmiconfig';
import { failure, success, type Result } from '../../util/result.ts';
import { reasonToDistrust, reasonToDistrustFolder, SETTINGS_OF_COSMICONFIG } from './trust.ts';

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

/** There is a configuration, or may be one, and it must not be used. */
export interface Unusable {
  readonly message: string;
  readonly hint: string;
}

/**
 * The nearest configuration file in a folder or above. The file is not read. A file that may be from another user is
 * refused. Rejects with the file system's error if a folder cannot be searched.
 * @returns the path, or null if there is no configuration
 */
export async function findConfig(cwd: string): Promise<Result<string | null, Unusable>> {
  // The search looks here first, so the result is the same. The usual case starts without cosmiconfig.
  const usual = join(cwd, PLACES[0]);
  if (isReadableFile(usual)) return found(usual);

  // When it is constructed, cosmiconfig 9 reads its own settings in the working directory. It runs them if they are
  // JavaScript.
  const reason = reasonToDistrustFolder(process.cwd());
  if (reason !== null) return failure(refusal(process.cwd(), reason));
  const unreadable = obstacle(process.cwd(), SETTINGS_OF_COSMICONFIG);
  if (unreadable !== null) return failure(unreadable);
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
    const message = `the search with cosmiconfig failed, because it cannot read its settings in ${process.cwd()}: ${why}`;
    return failure({ message, hint: BY_NAME });
  }
  for (let folder = cwd; ; folder = dirname(folder)) {
    const blocked = obstacle(folder, PLACES);
    if (blocked !== null) return failure(blocked);
    const result = await explorer.search(folder);
    const empty = result?.isEmpty === true && basename(result.filepath) === 'package.json';
    if (result !== null && !empty) return found(result.filepath);
    if (folder === dirname(folder)) return success(null);
  }
}

function found(file: string): Result<string, Unusable> {
  const reason = reasonToDistrust(file);
  return reason === null ? success(file) : failure(refusal(file, reason));
}

function refusal(file: string, reason: string): Unusable {
  const message = `${file} is not used, because it may come from another user: ${reason}`;
  return { message, hint: BY_NAME };
}

/** cosmiconfig reads the files that it finds, and reading a FIFO can take forever. */
function obstacle(folder: string, names: readonly string[]): Unusable | null {
  const path = names.map((name) => join(folder, name)).find(wouldBlock);
  if (path === undefined) return null;
  const message = `${path} is neither a file nor a folder, so the search does not open it`;
  return { message, hint: BY_NAME };
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
