/** The client's side of the control socket. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

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
    const body = options.body === undefined ? '' : JSON.stringify(options.body);
    const request = open(socketPath, method, target, body, (response) => {
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
    request.end(body);
  });
}

function parse(status: number, json: string): Asked {
  try {
    return { ok: true, status, body: JSON.parse(json) };
  } catch {
    return { ok: false, code: 'EBADMSG', reason: `the answer is not JSON (status ${status})` };
  }
}

export interface Following {
  /**
   * Resolves when the manager has gone, or `close` was called; null, or why it could not be followed. `code` is the
   * system's, or the manager's own (`too-many-readers`).
   */
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
      response.on('error', () => undefined);
      if (response.statusCode !== 200) {
        void refusalIn(response).then(resolve);
        return;
      }
      readEvents(response, onEvent);
      response.once('close', () => {
        resolve(null);
      });
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

async function refusalIn(response: IncomingMessage): Promise<{ code: string; reason: string }> {
  const told = parse(response.statusCode ?? 0, await text(response).catch(() => ''));
  const { code = '', message = `status ${response.statusCode ?? 0}` } =
    (told.ok ? (told.body as { error?: { code?: string; message?: string } } | null)?.error : null) ?? {};
  return { code, reason: message };
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
