import type { Stage, Started } from './peer.ts';
import { startServerStarter } from './server-starter.ts';

export { needs } from './server-starter.ts';
export const name = 'Server::Starter, a server that lingers';

export function start(stage: Stage): Started {
  return startServerStarter(stage, 'linger');
}
