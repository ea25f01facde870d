import { readFileSync } from 'node:fs';
import path from 'node:path';
import { until } from '../bed.ts';
import type { Stage, Started } from './peer.ts';

export const name = 'Server::Starter, a server that closes at once';
export const needs = ['start_server'];

export function start(stage: Stage): Started {
  return startServerStarter(stage, 'close');
}

export function startServerStarter({ bed, folder, port }: Stage, stop: 'close' | 'linger'): Started {
  const status = path.join(folder, 'status');
  const words = [`--port=127.0.0.1:${port}`, '--interval=1', `--status-file=${status}`, '--'];
  const running = bed.start('start_server', [...words, bed.server, '--stop', stop], {
    log: path.join(folder, 'log'),
  });
  const generations = () => readFileSync(status, 'utf8').trim().split('\n');
  return {
    async upgrade() {
      const [before] = generations();
      running.child.kill('SIGHUP');
      await until(
        'another generation alone',
        () => generations().length === 1 && generations()[0] !== before,
      );
    },
    stop: () => bed.stop(running),
  };
}
