/** The client of the control socket. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { DONE, failure, type Result } from '../util/result.ts';

export type Asked =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  /** `code`: the errno of the system (ENOENT, ECONNREFUSED, EACCES), if there is one. */
  | { readonly ok: false; readonly code: string; readonly reason: string };

/** Whether a process listens on this socket. */
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

/**
 * Sends one request and reads the JSON answer. Never throws. `timeoutMs` limits a pause; without it there is no limit.
 */
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

/** Why the events cannot be followed. */
export interface FollowFailure {
  /** The errno of the system, or the manager's code (`too-many-readers`). */
  readonly code: string;
  readonly message: string;
}

/**
 * Follows the events, one line of JSON each. `opened` is called when the manager sends them. Succeeds when the manager
 * has gone, or when `until` is aborted.
 */
export function followEvents(
  socketPath: string,
  onEvent: (json: string) => void,
  opened: () => void,
  until: AbortSignal,
): Promise<Result<void, FollowFailure>> {
  return new Promise((resolve) => {
    const request = open(socketPath, 'GET', '/v1/events', '', (response) => {
      response.on('error', () => undefined);
      if (response.statusCode !== 200) {
        void refusalIn(response).then((refusal) => {
          resolve(failure(refusal));
        });
        return;
      }
      readEvents(response, onEvent);
      response.once('close', () => {
        resolve(DONE);
      });
      opened();
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve(failure({ code: error.code ?? '', message: error.message }));
    });
    request.end();
    const close = (): void => {
      request.destroy();
      resolve(DONE);
    };
    if (until.aborted) close();
    else until.addEventListener('abort', close);
  });
}

async function refusalIn(response: IncomingMessage): Promise<FollowFailure> {
  const answer = parse(response.statusCode ?? 0, await text(response).catch(() => ''));
  const { code = '', message = `status ${response.statusCode ?? 0}` } =
    (answer.ok ? (answer.body as { error?: { code?: string; message?: string } } | null)?.error : null) ?? {};
  return { code, message };
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
