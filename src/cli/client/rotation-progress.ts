/** Shows the step of each rotation and its duration, in lines on a terminal that are drawn again and again. */
import { followEvents } from '../../control/client.ts';
import { liveLine } from '../../report/console.ts';
import { sentenceOf } from '../../report/sentence.ts';
import type { Event } from '../../api/event.ts';

const REDRAW_MS = 100;

export interface Progress {
  /** Resolves when the events of the manager can be read, or if that fails. */
  readonly opened: Promise<void>;
  /** Call this when the outcome of a service is known. */
  finished(name: string): void;
  close(): void;
}

export function showProgress(socket: string, names: readonly string[]): Progress {
  const steps = new Map(
    names.map((name) => [name, { text: 'rotation requested', since: performance.now() }]),
  );
  const line = liveLine();
  const draw = (): void => {
    const now = performance.now();
    const rows = [...steps].map(
      ([name, { text, since }]) => `${name}: ${text} … ${((now - since) / 1000).toFixed(1)}s`,
    );
    if (rows.length === 0) line.clear();
    else line.show(rows.join('\n'));
  };
  const timer = setInterval(draw, REDRAW_MS);
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const following = new AbortController();
  const followed = followEvents(
    socket,
    (json) => {
      const event = JSON.parse(json) as Event;
      const { service } = event;
      if (service === null || !steps.has(service)) return;
      steps.set(service, { text: sentenceOf(event).text, since: performance.now() });
      draw();
    },
    open,
    following.signal,
  );
  void followed.then(open);
  return {
    opened,
    finished(name) {
      steps.delete(name);
      line.clear();
    },
    close() {
      clearInterval(timer);
      line.clear();
      following.abort();
    },
  };
}
