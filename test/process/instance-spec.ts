import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { InstanceSpec } from '../../src/config/instance.ts';
import { NO_CREDENTIALS } from '../../src/config/services/credentials.ts';

export const NOBODY = { config: null, socket: null };

/** An instance of the service `web` with the parameter `a`, in the temporary folder. */
export function instanceSpec(differently: Partial<InstanceSpec> = {}): InstanceSpec {
  const folder = realpathSync(tmpdir());
  return {
    service: 'web',
    parameter: 'a',
    command: ['sleep', '300'],
    baseDir: folder,
    cwd: folder,
    env: {},
    envFile: null,
    credentials: NO_CREDENTIALS,
    ready: null,
    stop: { signal: 'SIGTERM', timeoutMs: 30_000 },
    output: { type: 'ignore' },
    hooks: {},
    ...differently,
  };
}
