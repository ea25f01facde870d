import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProxyPlace } from './index.ts';

export const program = 'haproxy';
export const versionWords = ['-v'];
export const route = 'haproxy' as const;
export const pieces = { backend: ['haproxy', 'api'] };

/** `socket` is where the runtime API is. */
export function configure({ folder, port, socket, piece }: ProxyPlace): string[] {
  const file = path.join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  stats socket ${socket} mode 600 level admin
  maxconn 4096
defaults
  mode http
  timeout client 60s
frontend web
  bind 127.0.0.1:${port}
  default_backend api
`,
  );
  return ['-db', '-f', file, '-f', piece('backend')];
}
