import { spawnSync } from 'node:child_process';
import * as apache from './apache.mjs';
import * as caddy from './caddy.mjs';
import * as haproxy from './haproxy.mjs';
import * as nginx from './nginx.mjs';

export const proxies = { nginx, apache, caddy, haproxy };

/** What the program says it is; null where it is not installed. */
export function version({ program, versionWords }) {
  const { status, stdout, stderr } = spawnSync(program, versionWords, { encoding: 'utf8' });
  return status === 0 ? (/\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown') : null;
}
