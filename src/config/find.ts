import { accessSync, constants, statSync } from 'node:fs';
import { basename, dirname, join, parse } from 'node:path';
import type { Options } from 'cosmiconfig';

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

/**
 * The configuration file that is nearest to a folder: in it, or in one above. `null` when there is none. Nothing that
 * is found on the way is run. Rejects with the file system's error when a folder cannot be searched.
 */
export async function findConfig(cwd: string): Promise<string | null> {
  // The first place of the search, so the answer is the same; what most people have starts without cosmiconfig.
  const usual = join(cwd, PLACES[0]);
  if (isReadableFile(usual)) return usual;

  const { cosmiconfig } = (await import('cosmiconfig')).default;
  const explorer = withoutMetaConfig(() =>
    cosmiconfig('alternate', {
      searchPlaces: [...PLACES],
      stopDir: parse(cwd).root,
      // An empty file is still the one that is meant, and its emptiness a mistake to be told.
      ignoreEmptySearchPlaces: false,
      cache: false,
      loaders: LOADERS,
    }),
  );
  let from = cwd;
  for (;;) {
    const found = await explorer.search(from);
    if (found === null || !PLACES.includes(basename(found.filepath) as (typeof PLACES)[number])) {
      // After the folders cosmiconfig also looks into the user's own configuration folder, for other names.
      return null;
    }
    const folder = dirname(found.filepath);
    const emptyPackage = basename(found.filepath) === 'package.json' && found.isEmpty === true;
    if (!emptyPackage || folder === dirname(folder)) return emptyPackage ? null : found.filepath;
    // The last place of its folder: the search goes on above it.
    from = dirname(folder);
  }
}

function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    // Whatever the reason: the search passes over it too, or says why it cannot.
    return false;
  }
}

/** Stands for a file's content, which is none of the search's business. */
const FOUND = (): object => ({});

/** Loads nothing: `load.ts` reads the file itself, to know lines and columns. */
const LOADERS: NonNullable<Options['loaders']> = {
  noExt: FOUND,
  '.yaml': FOUND,
  '.yml': FOUND,
  '.js': FOUND,
  '.mjs': FOUND,
  '.cjs': FOUND,
  '.ts': FOUND,
  '.json': (path, content) => (basename(path) === 'package.json' ? readPackage(content) : {}),
};

function readPackage(content: string): object {
  try {
    const data: unknown = JSON.parse(content);
    return typeof data === 'object' && data !== null ? data : {};
  } catch {
    // A broken package.json is its owner's business; it configures nothing here.
    return {};
  }
}

/**
 * cosmiconfig 9 lets the working directory configure it, and to that end runs the working directory's
 * `.config/config.js` as soon as it is constructed; no option prevents that. Construction is synchronous and asks
 * `process.cwd` for the folder, so for its duration that names the folder of this module, which holds no such file and
 * nobody's code but ours.
 */
function withoutMetaConfig<Result>(construct: () => Result): Result {
  const original = Object.getOwnPropertyDescriptor(process, 'cwd');
  Object.defineProperty(process, 'cwd', { ...original, value: () => import.meta.dirname });
  try {
    return construct();
  } finally {
    if (original === undefined) Reflect.deleteProperty(process, 'cwd');
    else Object.defineProperty(process, 'cwd', original);
  }
}
