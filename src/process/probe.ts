/** Whether an instance is ready yet: tries again and again until it is, or until its time is up. */
import type { InstanceSpec } from '../config/instance.ts';
import { formatDuration } from '../util/duration.ts';
import { runCommand } from './command.ts';
import type { ManagerFacts } from './environment.ts';
import { tryHttp } from './probe/http.ts';
import { LineMatch } from './probe/line-match.ts';
import { connectTcp } from './probe/tcp.ts';

/** One try: null when it went well, otherwise what was met instead. `signal` gives it up. */
export type Try = (signal: AbortSignal) => Promise<string | null>;

export interface ProbeEvents {
  ready(): void;
  /** `reason` says what the last try met. Also called before that time when it cannot become ready. */
  timedOut(reason: string): void;
}

/** What an instance tells of its own accord: lines of output, or the notify descriptor. */
export interface Told {
  /** Calls back for each line of stdout and stderr; returns an end to that. */
  onLine(callback: (line: string) => void): () => void;
  /** Calls back with what is written to `NOTIFY_FD`; returns an end to that. */
  onNotify(callback: (text: string) => void): () => void;
}

/**
 * Calls back once: when the instance is ready, or when `ready.timeout` has passed.
 * @returns ends the probe without a call
 */
export function probe(
  spec: InstanceSpec,
  manager: ManagerFacts,
  told: Told,
  events: ProbeEvents,
): () => void {
  const { ready } = spec;
  if (ready === null) {
    events.ready();
    return () => undefined;
  }
  const controller = new AbortController();
  let lastTry = '';
  let stopListening = (): void => undefined;
  const end = (): void => {
    clearTimeout(timer);
    controller.abort();
    stopListening();
  };
  const succeed = (): void => {
    if (controller.signal.aborted) return;
    end();
    events.ready();
  };
  const timer = setTimeout(() => {
    end();
    events.timedOut(
      `not ready within ${formatDuration(ready.timeoutMs)}${lastTry === '' ? '' : `: ${lastTry}`}`,
    );
  }, ready.timeoutMs);
  const note = (failure: string): void => {
    lastTry = failure;
  };
  switch (ready.type) {
    case 'output': {
      note(`no line of its output matched /${ready.pattern}/`);
      const match = new LineMatch(ready.pattern, {
        matched: succeed,
        overran(reason) {
          end();
          events.timedOut(`not ready: ${reason}`);
        },
      });
      const stop = told.onLine((line) => {
        match.push(line);
      });
      stopListening = () => {
        stop();
        match.close();
      };
      break;
    }
    case 'notify': {
      note('nothing was written to NOTIFY_FD');
      let tail = '';
      stopListening = told.onNotify((text) => {
        tail += text;
        if (tail.includes('\n') || tail.includes('READY=1')) succeed();
        // The words may come in pieces.
        tail = tail.slice(-'READY='.length);
      });
      break;
    }
    case 'http':
    case 'tcp':
    case 'exec': {
      const { intervalMs } = ready;
      void repeat(tryOf(spec, ready, manager), intervalMs, controller.signal, note).then((ok) => {
        if (ok) succeed();
      });
    }
  }
  return end;
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
  note: (failure: string) => void,
): Promise<boolean> {
  while (!signal.aborted) {
    const failure = await attempt(signal);
    if (failure === null) return true;
    note(failure);
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
): Promise<string | null> {
  let said = '';
  const running = runCommand({
    spec,
    command,
    manager,
    env: {},
    timeoutMs,
    graceMs: 0,
    started(...streams) {
      for (const stream of streams)
        stream.on('data', (chunk: Buffer) => {
          if (said.length < 200) said += chunk.toString('utf8', 0, 200);
        });
    },
  });
  const cancel = (): void => {
    running.cancel();
  };
  signal.addEventListener('abort', cancel);
  const failure = await running.finished;
  signal.removeEventListener('abort', cancel);
  if (failure === null) return null;
  const line = said.trim().split('\n')[0] ?? '';
  return `${command.join(' ')}: ${failure}${line === '' ? '' : `: ${line}`}`;
}
