/** Builds the client commands that messages show, from the way this program was called. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { programFile } from '../../process/program.ts';

export interface Invocation {
  /** The absolute path of the entry as it was called; `process.argv[1]`. */
  readonly entry: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface ManagerReach {
  /** The path of the configuration, as it was given or found. */
  readonly file: string;
  /** Whether it was given with `--config`. */
  readonly isNamed: boolean;
  /** `--socket` */
  readonly socket: string | undefined;
}

/** The first words of a client command that reaches the manager with these options from the same folder. */
export function clientCommand(invocation: Invocation, manager: ManagerReach): string {
  const words = [programName(invocation), ...wayToManager(invocation, manager)];
  return words.map(quoted).join(' ');
}

/**
 * `alternate` if PATH has this program under that name. Otherwise its path, relative if it is below the working
 * directory.
 */
function programName({ entry, cwd, env }: Invocation): string {
  // npm and npx add this folder to PATH only for their own children.
  const folders = (env['PATH'] ?? '').split(':');
  const searchPath = folders.filter((folder) => !/^$|node_modules\/\.bin$/.test(folder)).join(':');
  const found = searchPath === '' ? null : programFile('alternate', { baseDir: cwd, cwd, searchPath });
  if (found !== null && realPath(found) === realPath(entry)) return 'alternate';
  const below = path.relative(cwd, entry);
  if (below.startsWith('..')) return entry;
  return below.includes('/') ? below : `./${below}`;
}

/** The options for the client. None if it finds the same configuration from the working directory. */
function wayToManager({ cwd, env }: Invocation, { file, isNamed, socket }: ManagerReach): readonly string[] {
  if (socket !== undefined) return ['--socket', socket];
  const isFound = !isNamed || path.resolve(cwd, file) === path.join(cwd, 'alternate.config.yaml');
  return isFound && (env['ALTERNATE_SOCKET'] ?? '') === '' ? [] : ['--config', file];
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
