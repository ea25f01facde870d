import { startServerStarter } from './server-starter.mjs';

export { needs } from './server-starter.mjs';
export const name = 'Server::Starter, a server that lingers';

export function start(stage) {
  return startServerStarter(stage, 'linger');
}
