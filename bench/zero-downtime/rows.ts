// The rows of the table: each proxy, and none, with each kind of request; servers, stops and drivers take turns.
import type { Driven } from './manager.ts';
import type { ProxyName } from './proxies/index.ts';
import type { Result } from './table.ts';
import type { Workload } from './workloads.ts';

/** In the place of a proxy: the manager owns the socket, and clients are connected to the instances themselves. */
export const WITHOUT_PROXY = 'listen';

/**
 * `workloads` run side by side through the same rotations, and each becomes a line of the table. `expected`: how many failures are
 * right; `in-flight`: only requests that an instance had when it was killed; null: it is told, not judged. `due`: the outcomes that are
 * right, where that is not `completed` throughout.
 */
export interface Row {
  readonly proxy: ProxyName | typeof WITHOUT_PROXY;
  readonly workloads: readonly Workload[];
  readonly server: 'c' | 'node';
  /** What the server does at TERM. */
  readonly stop: 'close' | 'linger' | 'exit';
  readonly driven: Driven;
  readonly expected: number | 'in-flight' | null;
  readonly due?: readonly Outcome[];
  /** How an instance says that it is ready, where it inherits the socket. */
  readonly ready?: 'notify' | 'output';
  readonly release?: Release;
  readonly incident?: 'crash' | 'proxy-restart';
  /** How often the incident happens. */
  readonly times?: number;
  /** After each rotation. */
  readonly pauseMs?: number;
}

export type Outcome = 'completed' | 'failed' | 'restarted';

/** The faults of a release. */
export type Release = 'exits' | 'never-listens' | 'listens-late' | 'sick' | 'hangs' | 'dies';

function workloadsBehind(proxy: ProxyName): Row[] {
  const rows: Omit<Row, 'proxy' | 'expected'>[] = [
    { workloads: ['get'], server: 'c', stop: 'close', driven: 'signal' },
    { workloads: ['post'], server: 'c', stop: 'linger', driven: 'socket' },
    { workloads: ['new'], server: 'c', stop: 'close', driven: 'watcher' },
    { workloads: ['slow', 'upload', 'websocket'], server: 'c', stop: 'close', driven: 'socket' },
    { workloads: ['stream'], server: 'c', stop: 'close', driven: 'watcher' },
    { workloads: ['post'], server: 'node', stop: 'close', driven: 'signal' },
    { workloads: ['get', 'websocket'], server: 'node', stop: 'linger', driven: 'watcher' },
    { workloads: ['post'], server: 'c', stop: 'exit', driven: 'signal' },
    { workloads: ['2000 gets/s'], server: 'c', stop: 'close', driven: 'socket', pauseMs: 300 },
  ];
  return rows.map((row) => ({ proxy, expected: 0, ...row }));
}

/** What a server that simply exits loses: what is in flight longer than the overlap. */
function exitsTooSoon(proxy: ProxyName): Row[] {
  return [{ proxy, workloads: ['long'], server: 'c', stop: 'exit', driven: 'socket', expected: null }];
}

/** What `ready` finds out costs nothing; what comes later is told. */
const RELEASES: Readonly<Record<Release, { readonly expected: 0 | null; readonly outcomes: Outcome[] }>> = {
  exits: { expected: 0, outcomes: ['failed', 'failed', 'failed', 'completed'] },
  'never-listens': { expected: 0, outcomes: ['failed', 'failed', 'completed'] },
  'listens-late': { expected: 0, outcomes: ['completed', 'completed'] },
  sick: { expected: 0, outcomes: ['failed', 'failed', 'completed'] },
  hangs: { expected: 0, outcomes: ['failed', 'failed', 'completed'] },
  dies: { expected: null, outcomes: ['failed', 'failed', 'failed', 'completed'] },
};

/** Each bad release behind one of the proxies, and the one that is routed to before it dies behind all, with both kinds of requests. */
function badReleases(proxies: readonly ProxyName[]): Row[] {
  return (Object.keys(RELEASES) as Release[]).flatMap((release, index) => {
    const { expected, outcomes } = RELEASES[release];
    const turn = index % proxies.length;
    return (release === 'dies' ? proxies : proxies.slice(turn, turn + 1)).map((proxy): Row => ({
      proxy,
      workloads: release === 'dies' ? ['get', 'post'] : ['post'],
      server: 'c',
      stop: 'close',
      driven: 'socket',
      release,
      expected,
      due: outcomes,
    }));
  });
}

function incidents(proxies: readonly ProxyName[]): Row[] {
  const row = {
    workloads: ['get'],
    server: 'c',
    stop: 'close',
    driven: 'socket',
    expected: null,
  } satisfies Partial<Row>;
  return [
    ...proxies.map((proxy): Row => ({ proxy, ...row, incident: 'crash', times: 3 })),
    ...proxies.map((proxy): Row => ({ proxy, ...row, incident: 'proxy-restart' })),
  ];
}

/** Here it is the server that clients' kept connections end with: none of them is lost only where it lingers. */
function withoutProxy(): Row[] {
  const lingers = {
    server: 'c',
    stop: 'linger',
    driven: 'socket',
    ready: 'notify',
    expected: 0,
  } satisfies Partial<Row>;
  const told = { server: 'c', driven: 'signal', ready: 'notify', expected: null } satisfies Partial<Row>;
  const rows: Omit<Row, 'proxy'>[] = [
    { ...lingers, workloads: ['get'], driven: 'signal' },
    { ...lingers, workloads: ['post'], ready: 'output' },
    { ...lingers, workloads: ['new'], driven: 'watcher' },
    { ...lingers, workloads: ['slow', 'upload', 'websocket'] },
    { ...lingers, workloads: ['stream'], driven: 'watcher', ready: 'output' },
    { ...lingers, workloads: ['post'], server: 'node', driven: 'signal', ready: 'output' },
    { ...lingers, workloads: ['get', 'websocket'], server: 'node', driven: 'watcher' },
    { ...lingers, workloads: ['new'], server: 'node' },
    { ...lingers, workloads: ['2000 gets/s'], pauseMs: 300 },
    { ...told, workloads: ['get', 'new', 'slow'], stop: 'close' },
    { ...told, workloads: ['get', 'new', 'slow'], stop: 'close', server: 'node' },
    { ...told, workloads: ['get', 'new', 'slow'], stop: 'exit' },
    ...(['exits', 'never-listens', 'listens-late'] as const).map((release) => ({
      ...lingers,
      workloads: ['post'] as const,
      release,
      due: RELEASES[release].outcomes,
    })),
    { ...told, workloads: ['get', 'new'], stop: 'linger', release: 'dies', due: RELEASES.dies.outcomes },
    { ...told, workloads: ['post', 'new'], stop: 'linger', release: 'hangs' },
    { ...lingers, workloads: ['get', 'new'], incident: 'crash', times: 5, expected: 'in-flight' },
  ];
  return rows.map((row) => ({ proxy: WITHOUT_PROXY, ...row }));
}

export function rowsFor(names: readonly Row['proxy'][]): Row[] {
  const proxies = names.filter((name) => name !== WITHOUT_PROXY);
  return [
    ...proxies.flatMap(workloadsBehind),
    ...proxies.flatMap(exitsTooSoon),
    ...(proxies.length > 0 ? badReleases(proxies) : []),
    ...incidents(proxies),
    ...(names.includes(WITHOUT_PROXY) ? withoutProxy() : []),
  ];
}

/** How often a request may have been in flight where `expected` says so: at most one on each of the connections at each kill. */
const CONNECTIONS = 32;
const OF_A_KILLED_INSTANCE = new Set(['reset', 'unanswered', 'truncated']);

/** Whether a result is as its row says. */
export function isAsItShouldBe({ expected, due, failed, failures, outcomes, times = 0 }: Result): boolean {
  if (expected === null) return true;
  if (expected === 'in-flight')
    return (
      failed <= CONNECTIONS * times && Object.keys(failures).every((kind) => OF_A_KILLED_INSTANCE.has(kind))
    );
  const right = due ?? outcomes.map(() => 'completed');
  return failed === expected && right.join() === outcomes.join();
}
