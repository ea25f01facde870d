import { configureManager, onItsSocket, startManager } from '../manager.ts';
import type { Stage, Started } from './peer.ts';

export const name = 'alternate with listen, no proxy, overlap 500ms, a server that lingers';
export const needs: string[] = [];

export async function start({ bed, folder, port, bin }: Stage): Promise<Started> {
  const configured = configureManager({
    folder,
    program: bed.server,
    words: [bed.server, '--stop', 'linger', '--fd', '3'],
    part: onItsSocket({ port, ready: 'notify', readyTimeout: '10s' }),
    watched: false,
  });
  const manager = await startManager({ bed, folder, bin, ...configured });
  return {
    upgrade: () => manager.rotate('signal'),
    stop: () => bed.stop(manager.running),
  };
}
