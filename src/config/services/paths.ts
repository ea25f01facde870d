import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Pointer } from '../read/pointer.ts';
import { substitute } from '../values/template.ts';
import type { ServiceConfig } from '../types.ts';
import type { Context } from '../values/values.ts';

/** Checks that what an instance needs to be started is there, for each parameter. */
export function checkPaths(service: ServiceConfig, at: (key: string) => Pointer, context: Context): void {
  for (const parameter of service.parameters) {
    const cwd = resolve(service.baseDir, substitute(service.cwd, parameter));
    const folder = kindOf(cwd);
    if (folder !== 'folder') {
      context.say(at('cwd'), folder === 'missing' ? `there is no folder ${cwd}` : `${cwd} is not a folder`);
    }
    if (service.envFile === null) continue;
    const envFile = resolve(service.baseDir, substitute(service.envFile, parameter));
    const file = kindOf(envFile);
    if (file !== 'other') {
      context.say(
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
    // Whatever the reason (not there, a part is no folder, no permission): it could not be used either.
    return 'missing';
  }
}
