/** Checks whether an instance is ready: tries again and again until it is, or until `ready.timeout` has passed. */
import type { InstanceSpec } from '../config/instance.ts';
import { formatDuration } from '../util/duration.ts';
import { failure, type Result } from '../util/result.ts';
import { runCommand } from './command.ts';
import type { ManagerFacts } from './environment.ts';
import { tryHttp } from './probe/http.ts';
import { LineMatch } from './probe/line-match.ts';
import { connectTcp } from './probe/tcp.ts';

/** One try. A failure describes the result of the check. An aborted `signal` ends the try. */
export type Try = (signal: AbortSignal) => Promise<Result<void>>;

export interface ProbeEvents {
  ready(): void;
  /** `reason` contains the result of the last try. Called earlier if the instance cannot become ready. */
  timedOut(reason: string): void;
}

/** The sources in which an instance itself reports that it is ready. An aborted `until` ends the calls. */
export interface ReadinessSources {
  /** Calls back with each line of stdout and stderr. */
  onLine(callback: (line: string) => void, until: AbortSignal): void;
  /** Calls back with the text that the instance writes to `NOTIFY_FD`. */
  onNotify(callback: (text: string) => void, until: AbortSignal): void;
}

/**
 * Calls back once: when the instance is ready, or when `ready.timeout` has passed.
 * @param cancelled aborted: the probe ends without a call
 */
export function probe(
  spec: InstanceSpec,
  manager: ManagerFacts,
  sources: ReadinessSources,
  events: ProbeEvents,
  cancelled: AbortSignal,
): void {
  const { ready } = spec;
  if (cancelled.aborted) return;
  if (ready === null) {
    events.ready();
    return;
  }
  const controller = new AbortController();
  const { signal } = controller;
  let lastTry = '';
  const end = (): void => {
    clearTimeout(timer);
    cancelled.removeEventListener('abort', end);
    controller.abort();
  };
  cancelled.addEventListener('abort', end);
  const succeed = (): void => {
    if (signal.aborted) return;
    end();
    events.ready();
  };
  const timer = setTimeout(() => {
    end();
    events.timedOut(
      `not ready within ${formatDuration(ready.timeoutMs)}${lastTry === '' ? '' : `: ${lastTry}`}`,
    );
  }, ready.timeoutMs);
  const note = (reason: string): void => {
    lastTry = reason;
  };
  switch (ready.type) {
    case 'output': {
      note(`no line of its output matched /${ready.pattern}/`);
      const overran = (reason: string): void => {
        end();
        events.timedOut(`not ready: ${reason}`);
      };
      const match = new LineMatch(ready.pattern, { matched: succeed, overran }, signal);
      sources.onLine((line) => {
        match.push(line);
      }, signal);
      break;
    }
    case 'notify': {
      note('nothing was written to NOTIFY_FD');
      let tail = '';
      sources.onNotify((text) => {
        tail += text;
        if (tail.includes('\n') || tail.includes('READY=1')) succeed();
        // READY=1 may come in pieces.
        tail = tail.slice(-'READY='.length);
      }, signal);
      break;
    }
    case 'http':
    case 'tcp':
    case 'exec': {
      const { intervalMs } = ready;
      void repeat(tryOf(spec, ready, manager), intervalMs, signal, note).then((ok) => {
        if (ok) succeed();
      });
    }
  }
}

type Repeated = Extract<NonNullable<InstanceSpec['ready']>, { type: 'http' | 'tcp' | 'exec' }>;

function tryOf(spec: InstanceSpec, ready: Repeated, manager: ManagerFacts): Try {
  switch (ready.type) {
    case 'http':
      return (signal) => tryHttp(ready.url, signal);
    case 'tcp':
      return (signal) => connectTcp(ready.address, signal);
    case 'exec':
      return (signal) => tryCommand(spec, ready.command, manager, ready.timeoutMs, signal);
  }
}

async function repeat(
  attempt: Try,
  intervalMs: number,
  signal: AbortSignal,
  note: (reason: string) => void,
): Promise<boolean> {
  while (!signal.aborted) {
    const tried = await attempt(signal);
    if (tried.ok) return true;
    note(tried.reason);
    await pause(intervalMs, signal);
  }
  return false;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}

async function tryCommand(
  spec: InstanceSpec,
  command: readonly string[],
  manager: ManagerFacts,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Result<void>> {
  let output = '';
  const result = await runCommand({
    spec,
    command,
    manager,
    env: {},
    timeoutMs,
    graceMs: 0,
    cancelled: signal,
    started(...streams) {
      for (const stream of streams)
        stream.on('data', (chunk: Buffer) => {
          if (output.length < 200) output += chunk.toString('utf8', 0, 200);
        });
    },
  });
  if (result.ok) return result;
  const line = output.trim().split('\n')[0] ?? '';
  return failure(`${command.join(' ')}: ${result.reason}${line === '' ? '' : `: ${line}`}`);
}
