import { writeFileSync } from 'node:fs';
import path from 'node:path';

export const program = 'caddy';
export const versionWords = ['version'];
export const route = 'files';
export const pieces = { snippet: ['caddy', 'api'] };

export function configure({ folder, port, pieces }) {
  const file = path.join(folder, 'Caddyfile');
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
}
import ${pieces.snippet}
http://127.0.0.1:${port} {
  import alternate-api
}
`,
  );
  return ['run', '--adapter', 'caddyfile', '--config', file];
}
