import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { exportPieces } from '../export-pieces.ts';
import { behindProxy, configureManager, startManager } from '../manager.ts';
import * as nginx from '../proxies/nginx.ts';
import type { Stage, Started } from './peer.ts';

export const name = 'alternate with route, nginx, overlap 500ms';
export const needs = ['nginx'];

export async function start({ bed, folder, port, ports, bin }: Stage): Promise<Started> {
  const routes = path.join(folder, 'route');
  mkdirSync(routes);
  const configured = configureManager({
    folder,
    program: bed.server,
    words: [bed.server, '--stop', 'close', '--port', '%alt'],
    part: behindProxy({ ports, route: { files: routes }, readyTimeout: '10s' }),
    watched: false,
  });
  const piece = exportPieces({ folder, pieces: nginx.pieces, bin, config: configured.config });
  const proxy = bed.start('nginx', nginx.configure({ folder, port, piece }), {
    log: path.join(folder, 'log'),
  });
  const manager = await startManager({ bed, folder, bin, ...configured });
  return {
    upgrade: () => manager.rotate('signal'),
    async stop() {
      await bed.stop(manager.running);
      await bed.stop(proxy);
    },
  };
}
