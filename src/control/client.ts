/** The client's side of the control socket. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

export type Asked =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  /** `code` is the system's (ENOENT, ECONNREFUSED, EACCES) where there is one. */
  | { readonly ok: false; readonly code: string; readonly reason: string };

/** Whether somebody listens on this socket. */
export function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/** One request and its JSON answer. Never throws. `timeoutMs` bounds the silence; without it the answer is waited for. */
export function ask(
  socketPath: string,
  method: 'GET' | 'POST',
  target: string,
  options: { readonly body?: unknown; readonly timeoutMs?: number } = {},
): Promise<Asked> {
  return new Promise((resolve) => {
    const broken = (error: NodeJS.ErrnoException): void => {
      resolve({ ok: false, code: error.code ?? '', reason: error.message });
    };
    const text = options.body === undefined ? '' : JSON.stringify(options.body);
    const request = open(socketPath, method, target, text, (response) => {
      let received = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        received += chunk;
      });
      response.once('error', broken);
      response.once('end', () => {
        resolve(parse(response.statusCode ?? 0, received));
      });
    });
    request.once('error', broken);
    if (options.timeoutMs !== undefined)
      request.setTimeout(options.timeoutMs, () => {
        request.destroy(new Error(`no answer within ${(options.timeoutMs ?? 0) / 1000}s`));
      });
    request.end(text);
  });
}

function parse(status: number, text: string): Asked {
  try {
    return { ok: true, status, body: JSON.parse(text) };
  } catch {
    return { ok: false, code: 'EBADMSG', reason: `the answer is not JSON (status ${status})` };
  }
}

export interface Following {
  /** Resolves when the manager has gone, or `close` was called; null, or why it could not be followed. */
  readonly ended: Promise<{ code: string; reason: string } | null>;
  close(): void;
}

/** Follows the events, one line of JSON each. `opened` is called once the manager listens. */
export function followEvents(
  socketPath: string,
  onEvent: (json: string) => void,
  opened: () => void,
): Following {
  let close = (): void => undefined;
  const ended = new Promise<{ code: string; reason: string } | null>((resolve) => {
    const request = open(socketPath, 'GET', '/v1/events', '', (response) => {
      readEvents(response, onEvent);
      response.once('close', () => {
        resolve(null);
      });
      response.on('error', () => undefined);
      opened();
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ code: error.code ?? '', reason: error.message });
    });
    request.end();
    close = () => {
      request.destroy();
      resolve(null);
    };
  });
  return { ended, close };
}

function readEvents(response: IncomingMessage, onEvent: (json: string) => void): void {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const events = (rest + chunk).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) if (event.startsWith('data: ')) onEvent(event.slice('data: '.length));
  });
}

function open(
  socketPath: string,
  method: string,
  path: string,
  body: string,
  onResponse: (response: IncomingMessage) => void,
): ReturnType<typeof httpRequest> {
  const headers = {
    Host: 'localhost',
    ...(body !== '' && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
  };
  return httpRequest({ socketPath, method, path, headers, agent: false }, onResponse);
}
