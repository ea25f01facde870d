import { realpathSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { readRegular, UnsuitableFile } from '../util/regular-file.ts';
import { readControl } from './services/control.ts';
import { placeless, type Diagnostic } from './diagnostic.ts';
import { findConfig } from './read/find.ts';
import { readModule } from './read/module.ts';
import { normalize } from './services/normalize.ts';
import { child, segments } from './read/pointer.ts';
import { checkShape } from './schema/shape.ts';
import { inOrder, toDiagnostics, type Mistake, type Source } from './read/source.ts';
import type { Config } from './types.ts';
import { collectInto } from './values/values.ts';
import { readYaml, type ReadText } from './read/yaml.ts';

/** Which configuration: the one named, relative to `cwd`, or the nearest one from `cwd` upward. */
export interface LoadRequest {
  readonly file?: string;
  readonly cwd: string;
}

/** In bytes: 400 services take some 200 KB. */
const LARGEST_FILE = 16 * 1024 * 1024;

interface Refused {
  readonly ok: false;
  /** Every mistake of the file, in the order of its lines. */
  readonly diagnostics: readonly Diagnostic[];
  /** What is probably wrong in the rest of it. */
  readonly warnings?: readonly Diagnostic[];
}

interface Loaded {
  readonly ok: true;
  readonly config: Config;
  /** What is probably wrong, as far as the file itself shows it, in the order of its lines. */
  readonly warnings: readonly Diagnostic[];
  /** Finds the lines of what others see in the configuration. A key that a service takes from `defaults` is found there. */
  readonly locate: (mistakes: readonly Mistake[]) => readonly Diagnostic[];
}

export type LoadResult = Loaded | Refused;

export type LoadControlResult =
  { readonly ok: true; readonly path: string; readonly control: Config['control'] } | Refused;

/**
 * Reads a configuration and checks it whole.
 *
 * Relative paths in it start from the folder of the file *as it was named or found*, while `Config.path` is the file's
 * real path: with `--config /srv/current/alternate.config.yaml`, where `current` is a link to a release, `./bin/api`
 * has to follow the link to the next release, so the link must not be resolved here.
 */
export async function loadConfig(request: LoadRequest): Promise<LoadResult> {
  const read = await readRequested(request);
  if (!read.ok) return read;
  const { source, path } = read;
  const shape = checkShape(source.data);
  const { config, mistakes } = normalize(shape, source.written, path, dirname(source.file));
  const found = [...read.diagnostics, ...toDiagnostics(source, [...shape.mistakes, ...mistakes])];
  const warnings = found.filter(({ severity }) => severity === 'warning');
  const diagnostics = inOrder(found.filter(({ severity }) => severity === 'error'));
  if (diagnostics.length > 0) return { ok: false, diagnostics, warnings };
  return {
    ok: true,
    config,
    warnings,
    locate: (others) => toDiagnostics(source, others.map(placed(source))),
  };
}

/** A mistake about a key that a service has from `defaults` stands there. */
function placed({ place }: Source): (mistake: Mistake) => Mistake {
  return (mistake) => {
    const [services, , ...keys] = segments(mistake.pointer);
    if (services !== 'services' || place(mistake.pointer, mistake.part) !== null) return mistake;
    const inDefaults = keys.reduce(child, '/defaults');
    return place(inDefaults, mistake.part) === null ? mistake : { ...mistake, pointer: inDefaults };
  };
}

/**
 * Reads only what leads to a running manager: the configuration's real path and its `control`. Mistakes elsewhere do
 * not matter, so that a manager can be reached while its configuration is being edited.
 */
export async function loadControl(request: LoadRequest): Promise<LoadControlResult> {
  const read = await readRequested(request);
  const readable = read.ok ? read : read.salvaged;
  if (readable === undefined) return { ok: false, diagnostics: read.diagnostics };
  const { source, path } = readable;
  const shape = checkShape(source.data);
  const mistakes: Mistake[] = [];
  const control = readControl(
    shape.config?.control,
    collectInto(mistakes, dirname(source.file), source.written),
  );
  mistakes.push(...shape.mistakes.filter(({ pointer }) => pointer === '' || pointer.startsWith('/control')));
  // In a text that is no YAML a key may be missing only because nothing could be made of it.
  if (!read.ok && (mistakes.length > 0 || (control !== null && control.path === null)))
    return { ok: false, diagnostics: read.diagnostics };
  return mistakes.length > 0 || shape.config === null
    ? { ok: false, diagnostics: toDiagnostics(source, mistakes) }
    : { ok: true, path, control };
}

type ReadResult =
  | {
      readonly ok: true;
      readonly source: Source;
      readonly path: string;
      readonly diagnostics: readonly Diagnostic[];
    }
  | (Refused & { readonly salvaged?: { readonly source: Source; readonly path: string } });

async function readRequested({ file, cwd }: LoadRequest): Promise<ReadResult> {
  const found = file === undefined ? await search(cwd) : resolve(cwd, file);
  if (typeof found !== 'string') return { ok: false, diagnostics: [found] };
  try {
    // At once: a start waits for nothing else, and a detour through the thread pool takes longer than the reading.
    const path = realpathSync(found);
    const read = await readFormat(found);
    if (read.ok) return { ...read, path };
    const { diagnostics, salvaged } = read;
    return {
      ok: false,
      diagnostics,
      ...(salvaged !== undefined && { salvaged: { source: salvaged, path } }),
    };
  } catch (error) {
    const reason = isSystemError(error)
      ? reasonOf(error)
      : error instanceof UnsuitableFile
        ? error.message
        : null;
    if (reason === null) throw error;
    return { ok: false, diagnostics: [placeless(found, `cannot be read: ${reason}`)] };
  }
}

async function search(cwd: string): Promise<string | Diagnostic> {
  try {
    const search = await findConfig(cwd);
    if (!search.ok) return placeless(null, search.reason, search.hint);
    const hint = 'write one with `alternate init`, or name one with --config';
    return search.file ?? placeless(null, `there is no configuration in ${cwd} or above`, hint);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return placeless(null, `cannot search for a configuration from ${cwd}: ${reasonOf(error)}`);
  }
}

async function readFormat(file: string): Promise<ReadText> {
  if (['.js', '.mjs', '.cjs'].includes(extname(file))) return readModule(file);
  const bytes = readRegular(file, LARGEST_FILE);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, diagnostics: [placeless(file, 'is not text in UTF-8')] };
  }
  return basename(file) === 'package.json' ? readYaml(file, text, 'alternate') : readYaml(file, text);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is not a folder',
  EACCES: 'permission denied',
  ELOOP: 'its links lead in a circle',
};

function reasonOf(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ''] ?? error.message;
}
