/** Those who follow the events: how many there are, and what waits for each, is bounded. */
import type { ServerResponse } from 'node:http';
import type { Commands } from './commands.ts';

/** What waits in this process for one reader that does not keep up; the kernel holds some 200 KiB more. */
const MAX_BACKLOG_BYTES = 128 * 1024;
/** How long a reader that was dropped may take to read what waits for it, and the word of its end, in ms. */
const LAST_READ_MS = 10_000;

/** Server-sent events (WHATWG HTML, 9.2): one JSON object an event, until the reader or the manager goes. */
export class EventReaders {
  readonly #subscribe: Commands['subscribe'];
  readonly #maximum: number;
  readonly #readers = new Set<ServerResponse>();
  #unsubscribe = (): void => undefined;

  /** @param maximum how many may read at once */
  constructor(subscribe: Commands['subscribe'], maximum: number) {
    this.#subscribe = subscribe;
    this.#maximum = maximum;
  }

  /** Begins to send to one more reader. Returns false, and sends nothing, if there are too many. */
  add(response: ServerResponse): boolean {
    if (this.#readers.size >= this.#maximum) return false;
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.flushHeaders();
    this.#readers.add(response);
    if (this.#readers.size === 1) this.#unsubscribe = this.#subscribe(this.#send);
    response.once('close', () => {
      this.#readers.delete(response);
      if (this.#readers.size === 0) this.#unsubscribe();
    });
    return true;
  }

  readonly #send = (json: string): void => {
    // One block of bytes for all of them.
    const event = Buffer.from(`data: ${json}\n\n`);
    for (const response of this.#readers) {
      if (response.writableEnded) continue;
      if (response.writableLength + event.length <= MAX_BACKLOG_BYTES) response.write(event);
      else drop(response);
    }
  };
}

/** Ends a stream with a last event that tells why. */
function drop(response: ServerResponse): void {
  const last = {
    at: new Date().toISOString(),
    service: null,
    type: 'events-dropped',
    reason: `this reader did not keep up: more than ${MAX_BACKLOG_BYTES / 1024} KiB of events waited for it`,
  };
  response.end(`data: ${JSON.stringify(last)}\n\n`);
  const timer = setTimeout(() => response.destroy(), LAST_READ_MS).unref();
  response.once('close', () => {
    clearTimeout(timer);
  });
}
