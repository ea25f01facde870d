import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProxyPlace } from './index.ts';

export const program = 'caddy';
export const versionWords = ['version'];
export const route = 'files' as const;
export const pieces = { snippet: ['caddy', 'api'] };

export function configure({ folder, port, piece }: Pick<ProxyPlace, 'folder' | 'port' | 'piece'>): string[] {
  const file = path.join(folder, 'Caddyfile');
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
}
import ${piece('snippet')}
http://127.0.0.1:${port} {
  import alternate-api
}
`,
  );
  return ['run', '--adapter', 'caddyfile', '--config', file];
}
