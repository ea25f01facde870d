/** Sends the events to their readers. The number of readers and the bytes that wait for each of them are limited. */
import type { ServerResponse } from 'node:http';
import type { Commands } from './commands.ts';

/** The most bytes that wait in this process for one slow reader. The kernel holds about 200 KiB more. */
const MAX_BACKLOG_BYTES = 128 * 1024;
/** A reader that was dropped has this time to read the waiting events and the last one, in ms. */
const LAST_READ_MS = 60_000;

/** Server-sent events (WHATWG HTML, 9.2): one JSON object per event, until the reader or the manager ends. */
export class EventReaders {
  readonly #subscribe: Commands['subscribe'];
  readonly #maximum: number;
  readonly #readers = new Set<ServerResponse>();
  #subscription = new AbortController();

  /** @param maximum the most readers at one time */
  constructor(subscribe: Commands['subscribe'], maximum: number) {
    this.#subscribe = subscribe;
    this.#maximum = maximum;
  }

  /** Starts to send to one more reader. Returns false, and sends nothing, if there are too many readers. */
  add(response: ServerResponse): boolean {
    if (this.#readers.size >= this.#maximum) return false;
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.flushHeaders();
    this.#readers.add(response);
    if (this.#readers.size === 1) {
      this.#subscription = new AbortController();
      this.#subscribe(this.#send, this.#subscription.signal);
    }
    response.once('close', () => {
      this.#readers.delete(response);
      if (this.#readers.size === 0) this.#subscription.abort();
    });
    return true;
  }

  readonly #send = (json: string): void => {
    // One block of bytes for all readers.
    const event = Buffer.from(`data: ${json}\n\n`);
    for (const response of this.#readers) {
      if (response.writableEnded) continue;
      if (response.writableLength + event.length <= MAX_BACKLOG_BYTES) response.write(event);
      else drop(response);
    }
  };
}

/** Ends a stream. The last event contains the reason. */
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
