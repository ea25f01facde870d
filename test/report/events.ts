import type { ManagerReport, Event, ServiceReport } from '../../src/api/event.ts';

const instance = { parameter: '3000', pid: 4711 };

/** One of each kind: what the compiler finds missing here has no test. */
export const SERVICE_REPORTS: { readonly [T in ServiceReport['type']]: Extract<ServiceReport, { type: T }> } =
  {
    'rotation-started': { type: 'rotation-started', from: '3000', to: '3001' },
    'rotation-kept': { type: 'rotation-kept' },
    'rotation-refused': { type: 'rotation-refused', reason: 'the service is stopped' },
    'rotation-skipped': { type: 'rotation-skipped', reason: 'onRotate is none' },
    'rotation-completed': { type: 'rotation-completed', from: '3000', to: '3001', durationMs: 15_050.4 },
    'rotation-failed': {
      type: 'rotation-failed',
      from: '3000',
      to: '3001',
      reason: 'no',
      durationMs: 1,
      current: instance,
    },
    'roll-out-failed': { type: 'roll-out-failed', reason: 'not ready within 30s' },
    'parameter-awaited': { type: 'parameter-awaited', ...instance },
    'instance-launched': { type: 'instance-launched', parameter: '3000', pid: 4711, purpose: 'start' },
    'orphan-adopted': { type: 'orphan-adopted', parameter: '3000', pid: 4711 },
    'launch-failed': { type: 'launch-failed', parameter: '3000', reason: 'there is no program x in PATH' },
    'instance-ready': { type: 'instance-ready', ...instance, afterMs: 1_234.4 },
    'instance-not-ready': { type: 'instance-not-ready', ...instance, reason: 'not ready within 30s' },
    'socket-opened': { type: 'socket-opened', address: '127.0.0.1:8080', backlog: 511, limit: 128 },
    'route-switched': { type: 'route-switched', parameter: '3001' },
    'route-failed': { type: 'route-failed', parameter: '3001', reason: 'HAProxy does not answer' },
    'route-lost': { type: 'route-lost', reason: 'run/api/3001 is gone' },
    'route-restored': { type: 'route-restored' },
    'overlap-started': { type: 'overlap-started', parameter: '3000', overlapMs: 15_000 },
    'instance-stopping': { type: 'instance-stopping', ...instance, signal: 'SIGTERM', killAfterMs: 30_000 },
    'instance-killed': { type: 'instance-killed', ...instance, afterMs: 30_000 },
    'instance-exited': {
      type: 'instance-exited',
      ...instance,
      exit: { code: 0 },
      expected: true,
      leftBehind: false,
    },
    'signal-sent': { type: 'signal-sent', ...instance, signal: 'SIGHUP' },
    'hook-started': { type: 'hook-started', hook: 'beforeStart' },
    'hook-failed': { type: 'hook-failed', hook: 'beforeStop', reason: 'exit code 1' },
    'restart-delayed': { type: 'restart-delayed', parameter: '3000', attempt: 3, delayMs: 500 },
    'service-running': { type: 'service-running', ...instance },
    'service-stopped': { type: 'service-stopped' },
    'service-failed': { type: 'service-failed', reason: '10 consecutive restarts' },
    'watch-degraded': { type: 'watch-degraded', reason: 'the limit of watches is reached' },
  };

export const MANAGER_REPORTS: { readonly [T in ManagerReport['type']]: Extract<ManagerReport, { type: T }> } =
  {
    'manager-started': { type: 'manager-started', pid: 1, services: 2, config: '/srv/alternate.config.yaml' },
    'manager-stopping': { type: 'manager-stopping', reason: 'SIGTERM' },
    'manager-stopped': { type: 'manager-stopped' },
    'config-reloaded': {
      type: 'config-reloaded',
      added: ['a', 'b'],
      removed: [],
      changed: [],
      applied: [],
      unchanged: ['c'],
    },
    'reload-refused': { type: 'reload-refused', errors: ['x.yaml:1:2: one', 'x.yaml:3:4: two'] },
    'output-lost': { type: 'output-lost', file: '/l', reason: 'ENOSPC', bytes: 1 },
    'output-restored': { type: 'output-restored', file: '/l', reason: 'ENOSPC', bytes: 10 },
    'output-not-rotated': { type: 'output-not-rotated', file: '/l', reason: 'EACCES' },
    'output-closed': { type: 'output-closed', file: 'stdout', reason: 'EPIPE' },
    'messages-dropped': { type: 'messages-dropped', file: 'stderr', count: 7 },
    'output-reopened': { type: 'output-reopened' },
    'control-lost': { type: 'control-lost', reason: 'ENOENT' },
    'control-restored': { type: 'control-restored' },
    'events-dropped': { type: 'events-dropped', reason: 'this reader did not keep up' },
  };

const at = Date.UTC(2026, 10, 22, 10, 0, 0, 5);

export const of = (fact: ServiceReport): Event => ({ at, service: 'web', ...fact });
export const ofManager = (fact: ManagerReport): Event => ({ at, service: null, ...fact });

export const ONE_OF_EACH: readonly Event[] = [
  ...Object.values(SERVICE_REPORTS).map(of),
  ...Object.values(MANAGER_REPORTS).map(ofManager),
];
