/** Loads a configuration: finds it, reads it, checks it. The entrance of this folder. */
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
import { inOrder, toDiagnostics, type Finding, type Source } from './read/source.ts';
import type { Config } from './types.ts';
import { collectInto } from './values/values.ts';
import { readYaml, type ReadText } from './read/yaml.ts';

/** Which configuration: `file`, relative to `cwd`, or the nearest one in `cwd` or above. */
export interface LoadRequest {
  readonly file?: string;
  readonly cwd: string;
}

/** In bytes. A file with 400 services has about 200 KB. */
const LARGEST_FILE = 4 * 1024 * 1024;

interface Refused {
  readonly ok: false;
  /** Every error of the file, in the order of its lines. */
  readonly diagnostics: readonly Diagnostic[];
  /** The warnings about the rest of the file. */
  readonly warnings?: readonly Diagnostic[];
}

interface Loaded {
  readonly ok: true;
  readonly config: Config;
  /** The warnings about the file itself, in the order of its lines. */
  readonly warnings: readonly Diagnostic[];
  /** Finds the lines of warnings from other checks. A key that a service has from `defaults` is found there. */
  readonly locate: (findings: readonly Finding[]) => readonly Diagnostic[];
}

export type LoadResult = Loaded | Refused;

export type LoadControlResult =
  { readonly ok: true; readonly path: string; readonly control: Config['control'] } | Refused;

/**
 * Reads a whole configuration and checks it.
 *
 * Relative paths start from the folder of the file *as it was named or found*, but `Config.path` is the file's real
 * path. Example: `--config /srv/current/alternate.config.yaml`, and `current` is a link to a release. Then `./bin/api`
 * must follow the link to the next release, so the link must not be resolved here.
 */
export async function loadConfig(request: LoadRequest): Promise<LoadResult> {
  const read = await readRequested(request);
  if (!read.ok) return read;
  const { source, path } = read;
  const shape = checkShape(source.data);
  const { config, findings } = normalize(shape, source.written, path, dirname(source.file));
  const found = [...read.diagnostics, ...toDiagnostics(source, [...shape.findings, ...findings])];
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

/** If a service has the key from `defaults`, the place is there. */
function placed({ place }: Source): (finding: Finding) => Finding {
  return (finding) => {
    const [services, , ...keys] = segments(finding.pointer);
    if (services !== 'services' || place(finding.pointer, finding.part) !== null) return finding;
    const inDefaults = keys.reduce(child, '/defaults');
    return place(inDefaults, finding.part) === null ? finding : { ...finding, pointer: inDefaults };
  };
}

/**
 * Reads only what is needed to find a running manager: the configuration's real path and its `control`. Errors
 * elsewhere do not matter, so that a manager can be reached while its configuration is edited.
 */
export async function loadControl(request: LoadRequest): Promise<LoadControlResult> {
  const read = await readRequested(request);
  const readable = read.ok ? read : read.salvaged;
  if (readable === undefined) return { ok: false, diagnostics: read.diagnostics };
  const { source, path } = readable;
  const shape = checkShape(source.data);
  const findings: Finding[] = [];
  const control = readControl(
    shape.config?.control,
    collectInto(findings, dirname(source.file), source.written),
  );
  findings.push(...shape.findings.filter(({ pointer }) => pointer === '' || pointer.startsWith('/control')));
  // In a text that is not valid YAML, a key may seem to be missing because it could not be parsed.
  if (!read.ok && (findings.length > 0 || (control !== null && control.path === null)))
    return { ok: false, diagnostics: read.diagnostics };
  return findings.length > 0 || shape.config === null
    ? { ok: false, diagnostics: toDiagnostics(source, findings) }
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
    // Synchronous: nothing else happens meanwhile, and the thread pool takes longer than the reading.
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
    if (!search.ok) return placeless(null, search.reason.message, search.reason.hint);
    const hint = 'write one with `alternate init`, or give its path with --config';
    return search.value ?? placeless(null, `there is no configuration in ${cwd} or above`, hint);
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
    return { ok: false, diagnostics: [placeless(file, 'is not UTF-8 text')] };
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
  ELOOP: 'its symbolic links form a circle',
};

function reasonOf(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ''] ?? error.message;
}
