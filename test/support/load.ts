/** Requests in numbers, from a process of their own, so that a busy test neither slows them down nor delays what they see. */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { until } from './until.ts';

/** What one client sends again and again. Each is sent once: nothing is retried. */
export interface LoadRequest {
  /** Under which it is counted in `LoadResult.kinds`. */
  readonly name: string;
  /** Default: POST with a body, GET without. */
  readonly method?: string;
  /** Default `/`. */
  readonly path?: string;
  /** Default 0. */
  readonly bodyBytes?: number;
  /** A new connection for each request, with `Connection: close`. Default: the connection is kept while the server keeps it. */
  readonly fresh?: boolean;
  /** Between an answer and the next request. Default 0. */
  readonly pauseMs?: number;
  /** The right answer. Default 200. */
  readonly status?: number;
  /** Instead of `LoadOptions.lateMs`. */
  readonly lateMs?: number;
}

export interface LoadOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  /** Clients at the same time. Default 16. */
  readonly connections?: number;
  /** Client number n sends request number n modulo their count. Default: a GET of `/`. */
  readonly workload?: readonly LoadRequest[];
  /** A request without its whole answer after that has failed. Default 15,000. */
  readonly timeoutMs?: number;
  /** A right answer that takes longer is counted as `late`, too. Default 2,000. */
  readonly lateMs?: number;
  /** It stops by itself after so many requests. Default 1,000,000. */
  readonly maxRequests?: number;
  /** It stops by itself after that. Default 60,000. */
  readonly maxMs?: number;
}

export type FailureReason =
  /** Nobody listens there. */
  | 'refused'
  /** The connection could not be made for another reason; `code` says which. */
  | 'unreachable'
  /** Reset before the first byte of the answer. */
  | 'reset'
  /** Closed in order before the first byte of the answer, though the request had been written by then. */
  | 'closed'
  /** Closed or reset within the answer. */
  | 'truncated'
  /** The whole answer has the wrong status; `code` says which. */
  | 'status'
  /** What came is no HTTP answer, or is longer than it said. */
  | 'malformed'
  | 'timeout';

export interface LoadExample {
  /** ISO 8601, to be laid beside a log. */
  readonly at: string;
  readonly kind: string;
  readonly reason: FailureReason | 'late';
  /** The system's error, the wrong status, or what is malformed. */
  readonly code?: string;
  /** The first bytes that could not be read. */
  readonly detail?: string;
  /** From the moment the request was about to be sent. */
  readonly afterMs: number;
  readonly connectionAgeMs: number;
  /** 1 is the first one on its connection. */
  readonly requestOnConnection: number;
  /** To be looked for in a packet capture. */
  readonly localPort: number | null;
}

export interface LoadCounts {
  readonly sent: number;
  /** Whole, with the right status, late ones too. */
  readonly answered: number;
  readonly failed: number;
  readonly late: number;
}

export interface LoadResult extends LoadCounts {
  /** Kept-alive connections that the server had closed, noticed before anything was written: nothing is lost by it. */
  readonly reconnects: number;
  /** `failed`, by reason; only those that occurred. */
  readonly failures: Readonly<Partial<Record<FailureReason, number>>>;
  readonly kinds: Readonly<Record<string, LoadCounts>>;
  /** The first twenty that failed or were late. */
  readonly examples: readonly LoadExample[];
  /** Of answered requests, a new connection included. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly durationMs: number;
  /** Told to stop, or stopped by itself at its bound. */
  readonly ending: 'stopped' | 'requests' | 'time';
}

export interface Load {
  /** Resolves when `count` more requests have ended, well or not; fails where the load ends before. */
  until(count: number): Promise<void>;
  /** Sends nothing more, waits for what is under way, and resolves with everything since the start. */
  stop(): Promise<LoadResult>;
  /** Ends it at once, if it has not ended yet. For the end of a test. */
  discard(): void;
}

interface Message {
  readonly reached?: number;
  readonly result?: LoadResult;
}

export function startLoad(options: LoadOptions): Load {
  const child = fork(path.resolve(import.meta.dirname, 'load.mjs'), [JSON.stringify(options)]);
  const reached = new Map<number, () => void>();
  let asked = 0;
  const ended = new Promise<LoadResult>((resolve, reject) => {
    child.on('message', ({ reached: id, result }: Message) => {
      if (id !== undefined) reached.get(id)?.();
      if (result !== undefined) resolve(result);
    });
    child.once('exit', (code, signal) => {
      reject(new Error(`the load ended with ${String(code ?? signal)} and without a result`));
    });
  });
  // Nobody may be waiting at that moment.
  ended.catch(() => undefined);
  return {
    until: async (count) => {
      const id = ++asked;
      const there = new Promise<void>((resolve) => reached.set(id, resolve));
      tell(child, { until: count, id });
      const early = ended.then(({ ending }) => {
        throw new Error(`the load ended (${ending}) before ${count} more requests had`);
      });
      await until(`${count} more requests`, Promise.race([there, early]));
    },
    stop: async () => {
      tell(child, {});
      return await until('the end of the load', ended);
    },
    discard: () => {
      child.kill('SIGKILL');
    },
  };
}

function tell(child: ChildProcess, message: object): void {
  if (child.connected) child.send(message, () => undefined);
}
