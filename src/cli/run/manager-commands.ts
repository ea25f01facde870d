/** Connects the control socket to the manager. */
import packageJson from '../../../package.json' with { type: 'json' };
import type { Commands } from '../../control/commands.ts';
import type { Manager } from '../../manager/manager.ts';
import type { RequestType } from '../../manager/runner.ts';
import { isoTime, serviceStatus } from '../../api/documents.ts';
import type { Answer, Millis } from '../../rotator/machine.ts';
import type { Clock } from './clock.ts';

/** @param startedAt a time of `clock.now` */
export function createCommands(
  manager: Manager,
  config: string | null,
  startedAt: Millis,
  clock: Clock,
  subscribe: Commands['subscribe'],
): Commands {
  const request = async (name: string, type: RequestType): Promise<Answer> =>
    (await manager.runner(name)?.request(type)) ?? gone(name);
  return {
    status: () => ({
      version: packageJson.version,
      pid: process.pid,
      config,
      startedAt: isoTime(startedAt, clock.wall),
      services: manager.views.map((view) => serviceStatus(view, clock.wall)),
    }),
    service(name) {
      const view = manager.runner(name)?.view;
      return view === undefined ? null : serviceStatus(view, clock.wall);
    },
    signal: async (name, signal) =>
      signal === 'SIGUSR1'
        ? request(name, 'rotationRequested')
        : ((await manager.runner(name)?.signal(signal)) ?? gone(name)),
    rotate: (name) => request(name, 'rotationRequested'),
    rotateAmongAll: async (name) => (await manager.runner(name)?.rotateAmongAll()) ?? gone(name),
    start: (name) => request(name, 'startRequested'),
    stop: (name) => request(name, 'stopRequested'),
    restart: (name) => request(name, 'restartRequested'),
    reload: () => manager.reload(),
    shutdown() {
      manager.shutdown('requested over the control socket');
    },
    subscribe,
  };
}

function gone(name: string): Answer {
  return { type: 'refused', reason: `the service ${name} was removed by a reload` };
}
