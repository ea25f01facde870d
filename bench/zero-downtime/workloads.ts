import path from 'node:path';
import type { Bed, Running } from './bed.ts';

/** What the load prints (load/account.c). */
export interface Account {
  readonly beganNs: string;
  readonly requests: number;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly badStatuses: Readonly<Record<string, number>>;
  readonly examples: readonly object[];
}

export interface Load {
  readonly running: Running;
  readonly workload: Workload;
  /** The file with a record for each request. */
  readonly samples: string;
  /** What it counted; only after it was stopped. */
  readonly account: () => Account;
}

/** What the load is told; connections are few enough that proxy and server, not queues, are what is measured. */
const WORKLOADS = {
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

export type Workload = keyof typeof WORKLOADS;

/** Begins it; once it was stopped, `account` gives what it counted. */
export function startLoad(
  { bed, folder, port }: { readonly bed: Bed; readonly folder: string; readonly port: number },
  workload: Workload,
): Load {
  const samples = path.join(folder, `samples ${workload.replace('/', ' ')}`);
  const words = ['--port', port, '--samples', samples, ...WORKLOADS[workload]].map(String);
  const running = bed.start(bed.load, words, { log: path.join(folder, 'load.log'), stdout: 'pipe' });
  let printed = '';
  running.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  return {
    running,
    workload,
    samples,
    account() {
      if (printed === '') throw new Error(`the load printed nothing: ${running.log()}`);
      return JSON.parse(printed) as Account;
    },
  };
}
