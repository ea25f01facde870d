import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { loadConfig, type LoadResult } from '../../src/config/load.ts';
import type { Config, ServiceConfig } from '../../src/config/types.ts';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own for one test, by its real path, with files in it; removed after the test file. */
export async function makeFolder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await realpath(mkdtempSync(join(tmpdir(), 'alternate-config-')));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) await addFile(folder, name, text);
  return folder;
}

export async function addFile(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

/** Loads a configuration from a folder of its own. */
export async function loadText(text: string, name = 'alternate.config.yaml'): Promise<LoadResult> {
  return loadConfig({ file: name, cwd: await makeFolder({ [name]: text }) });
}

export async function loadOk(text: string, name?: string): Promise<Config> {
  const result = await loadText(text, name);
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
  return result.config;
}

/** The only service of a configuration, `lines` its keys. */
export async function loadService(...lines: string[]): Promise<ServiceConfig> {
  const { services } = await loadOk(
    ['services:', '  api:', ...lines.map((line) => `    ${line}`)].join('\n'),
  );
  const [service] = services;
  if (service === undefined) throw new Error('no service');
  return service;
}

/** Each error on a line: `2:3 message (hint)`. */
export async function errorsOf(text: string, name?: string): Promise<string[]> {
  const result = await loadText(text, name);
  if (result.ok) return [];
  return result.diagnostics.map(({ line, column, message, hint }) => {
    const place = line === null ? '-' : `${line}:${column ?? ''}`;
    return `${place} ${message}${hint === null ? '' : ` (${hint})`}`;
  });
}

/** Each warning of a configuration without errors, on a line in the same form. */
export async function warningsOf(text: string, name?: string): Promise<string[]> {
  const result = await loadText(text, name);
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
  return result.warnings.map(({ line, column, message, hint }) => {
    const place = line === null ? '-' : `${line}:${column ?? ''}`;
    return `${place} ${message}${hint === null ? '' : ` (${hint})`}`;
  });
}

/** The errors of a service with a command and these lines; the first of them is line 4 of the file. */
export async function inService(...lines: string[]): Promise<string[]> {
  return errorsOf(
    ['services:', '  api:', '    command: x', ...lines.map((line) => `    ${line}`)].join('\n'),
  );
}
