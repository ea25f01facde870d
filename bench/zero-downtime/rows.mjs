// The rows of the table: each proxy with each kind of request; servers, stops and drivers take turns.

/**
 * `workloads` run side by side through the same rotations, and each becomes a line of the table. `expected`: how many failures are
 * right; null: it is told, not judged. `due`: the outcomes that are right, where that is not `completed` throughout.
 */
function workloadsBehind(proxy) {
  return [
    { workloads: ['get'], server: 'c', stop: 'close', driven: 'signal' },
    { workloads: ['post'], server: 'c', stop: 'linger', driven: 'socket' },
    { workloads: ['new'], server: 'c', stop: 'close', driven: 'watcher' },
    { workloads: ['slow', 'upload', 'websocket'], server: 'c', stop: 'close', driven: 'socket' },
    { workloads: ['stream'], server: 'c', stop: 'close', driven: 'watcher' },
    { workloads: ['post'], server: 'node', stop: 'close', driven: 'signal' },
    { workloads: ['get', 'websocket'], server: 'node', stop: 'linger', driven: 'watcher' },
    { workloads: ['post'], server: 'c', stop: 'exit', driven: 'signal' },
    { workloads: ['2000 gets/s'], server: 'c', stop: 'close', driven: 'socket', pauseMs: 300 },
  ].map((row) => ({ proxy, expected: 0, ...row }));
}

/** What a server that simply exits loses: what is in flight longer than the overlap. */
function exitsTooSoon(proxy) {
  return [{ proxy, workloads: ['long'], server: 'c', stop: 'exit', driven: 'socket', expected: null }];
}

/** What `ready` finds out costs nothing; what comes later is told. */
const RELEASES = {
  exits: { expected: 0, outcomes: ['failed', 'failed', 'failed', 'completed'] },
  'never-listens': { expected: 0, outcomes: ['failed', 'failed', 'completed'] },
  'listens-late': { expected: 0, outcomes: ['completed', 'completed'] },
  sick: { expected: 0, outcomes: ['failed', 'failed', 'completed'] },
  hangs: { expected: 0, outcomes: ['failed', 'failed', 'completed'] },
  dies: { expected: null, outcomes: ['failed', 'failed', 'failed', 'completed'] },
};

/** Each bad release behind one of the proxies, and the one that is routed to before it dies behind all, with both kinds of requests. */
function badReleases(proxies) {
  return Object.entries(RELEASES).flatMap(([release, { expected, outcomes }], index) =>
    (release === 'dies' ? proxies : [proxies[index % proxies.length]]).map((proxy) => ({
      proxy,
      workloads: release === 'dies' ? ['get', 'post'] : ['post'],
      server: 'c',
      stop: 'close',
      driven: 'socket',
      release,
      expected,
      due: outcomes,
    })),
  );
}

function incidents(proxies) {
  const row = { workloads: ['get'], server: 'c', stop: 'close', driven: 'socket', expected: null };
  return [
    ...proxies.map((proxy) => ({ proxy, ...row, incident: 'crash' })),
    ...proxies.map((proxy) => ({ proxy, ...row, incident: 'proxy-restart' })),
  ];
}

export function rowsFor(proxies) {
  return [
    ...proxies.flatMap(workloadsBehind),
    ...proxies.flatMap(exitsTooSoon),
    ...badReleases(proxies),
    ...incidents(proxies),
  ];
}
