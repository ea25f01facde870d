/** Checks that the folder and the environment file of each instance exist. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Pointer } from '../read/pointer.ts';
import { substitute } from '../values/template.ts';
import type { ServiceConfig } from '../types.ts';
import type { Context } from '../values/values.ts';

export function checkPaths(service: ServiceConfig, at: (key: string) => Pointer, context: Context): void {
  for (const parameter of service.parameters) {
    const cwd = resolve(service.baseDir, substitute(service.cwd, parameter));
    const folder = kindOf(cwd);
    if (folder !== 'folder') {
      context.error(at('cwd'), folder === 'missing' ? `there is no folder ${cwd}` : `${cwd} is not a folder`);
    }
    if (service.envFile === null) continue;
    const envFile = resolve(service.baseDir, substitute(service.envFile, parameter));
    const file = kindOf(envFile);
    if (file !== 'other') {
      context.error(
        at('envFile'),
        file === 'missing' ? `there is no file ${envFile}` : `${envFile} is a folder`,
      );
    }
  }
}

function kindOf(path: string): 'folder' | 'missing' | 'other' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'other';
  } catch {
    // For every reason (it does not exist, no permission) the path cannot be used.
    return 'missing';
  }
}
