import path from 'node:path';

/** What the load is told; connections are few enough that proxy and server, not queues, are what is measured. */
const workloads = {
  get: ['--mode', 'get', '--connections', 32],
  post: ['--mode', 'post', '--connections', 32, '--body', 4_096],
  new: ['--mode', 'new', '--connections', 32],
  slow: ['--mode', 'slow', '--connections', 64, '--fastest', 50, '--slowest', 500],
  long: ['--mode', 'slow', '--connections', 64, '--fastest', 400, '--slowest', 1_500],
  upload: ['--mode', 'upload', '--connections', 64, '--body', 8_192, '--fastest', 100, '--slowest', 1_000],
  stream: ['--mode', 'stream', '--connections', 8, '--bytes', 4_000_000],
  websocket: ['--mode', 'ws', '--connections', 64, '--interval', 20],
  '2000 posts/s': ['--mode', 'post', '--connections', 32, '--rate', 2_000],
  '2000 gets/s': ['--mode', 'get', '--connections', 32, '--rate', 2_000],
};

/** Begins it; once it was stopped, `account` gives what it counted. */
export function startLoad({ bed, folder, port }, workload) {
  const samples = path.join(folder, `samples ${workload.replace('/', ' ')}`);
  const words = ['--port', port, '--samples', samples, ...workloads[workload]].map(String);
  const child = bed.start(bed.load, words, { log: path.join(folder, 'load.log'), stdout: 'pipe' });
  let printed = '';
  child.stdout.on('data', (bytes) => (printed += bytes));
  return {
    child,
    workload,
    samples,
    account() {
      if (printed === '') throw new Error(`the load printed nothing: ${child.log()}`);
      return JSON.parse(printed);
    },
  };
}
