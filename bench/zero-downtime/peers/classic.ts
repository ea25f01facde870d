import path from 'node:path';
import { pause } from '../bed.ts';
import { writeFrame } from '../proxies/nginx.ts';
import type { Stage, Started } from './peer.ts';

export const name = 'classic form, nginx max_fails=1 fail_timeout=5s, overlap 2s, an upgrade every 4s';
/** Programs that must be there. */
export const needs = ['nginx'];

export function start(stage: Stage): Started {
  return startClassic(stage, { overlap: '2s', every: 4_000 });
}

/**
 * As the original's page has it: both instances in one upstream, and nginx finds out from failures which of them serves.
 * `every`: from one upgrade to the next (ms).
 */
export function startClassic(
  { bed, folder, port, ports, bin }: Stage,
  { overlap, every }: { readonly overlap: string; readonly every: number },
): Started {
  const file = writeFrame(
    folder,
    'crit',
    `  upstream api {
${ports.map((at) => `    server 127.0.0.1:${at} max_fails=1 fail_timeout=5s;`).join('\n')}
    keepalive 32;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://api;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
`,
  );
  const log = path.join(folder, 'log');
  const proxy = bed.start('nginx', ['-p', folder, '-e', 'stderr', '-c', file], { log });
  const manager = bed.start(bin, [`${bed.server} --stop close --port %alt`, ...ports.map(String), overlap], {
    log,
  });
  return {
    async upgrade() {
      manager.child.kill('SIGUSR1');
      await pause(every);
    },
    async stop() {
      await bed.stop(manager);
      await bed.stop(proxy);
    },
  };
}
