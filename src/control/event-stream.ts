import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Commands } from './commands.ts';

/** A reader that lets this much pile up has gone away in all but name. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/** Server-sent events (WHATWG HTML, 9.2): one JSON object an event, until the reader or the manager goes. */
export function streamEvents(commands: Commands, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.flushHeaders();
  const unsubscribe = commands.subscribe((json) => {
    if (response.writableLength > MAX_BACKLOG_BYTES) response.destroy();
    else response.write(`data: ${json}\n\n`);
  });
  request.once('close', unsubscribe);
  response.once('close', unsubscribe);
}
