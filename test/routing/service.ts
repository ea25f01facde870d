/** Services with a route, and places for them. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Route, ServiceConfig } from '../../src/config/types.ts';
import { serviceSpec } from '../rotator/specs.ts';

/** By its real path, removed when the test ends. Short enough for the path of a socket. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'alternate-traffic-')));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A service with the parameters `a` and `b`. */
export function routed(route: Route | null, given: Partial<ServiceConfig> = {}): ServiceConfig {
  return serviceSpec({ parameters: ['a', 'b'], route, ...given });
}

export function byFiles(folder: string): Route {
  return { type: 'files', folder };
}

export function byHaproxy(socket: string): Route {
  return { type: 'haproxy', socket, backend: 'api', server: 'api-%alt' };
}
