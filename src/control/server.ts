/** The HTTP server of the control socket: reads requests, calls `Commands`, writes answers. No input can harm it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { parseSignal } from '../config/values/signal-names.ts';
import type { Answer } from '../rotator/machine.ts';
import { readBody } from './body.ts';
import type { Commands } from './commands.ts';
import { EventReaders } from './event-stream.ts';
import { refusalOf, endpointOf, type Endpoint, type WireError } from './endpoints.ts';

/** A connection that has not sent a complete request within this time is closed, in ms. */
const REQUEST_TIMEOUT_MS = 30_000;
/** `rotate --all` uses one connection per service. Connections beyond this number are closed at once. */
const MAX_CONNECTIONS = 1_024;
/** Each reader can hold some memory for any time. */
const MAX_EVENT_READERS = 128;

/** @param socketPath the path on which it will listen, which is also allowed as `Host` */
export function createControlServer(commands: Commands, socketPath: string): Server {
  // Node.js checks for late requests with a timer that always runs. One timer per waiting connection replaces it.
  const deadlines = new WeakMap<Socket, NodeJS.Timeout>();
  const received = (socket: Socket): void => {
    clearTimeout(deadlines.get(socket));
  };
  const expect = (socket: Socket): void => {
    // Several answers end on one connection if the client sent several requests at once: replace the earlier timer.
    received(socket);
    deadlines.set(socket, setTimeout(() => socket.destroy(), REQUEST_TIMEOUT_MS).unref());
  };
  const readers = new EventReaders((listener, until) => {
    commands.subscribe(listener, until);
  }, MAX_EVENT_READERS);
  const server = createServer(
    { connectionsCheckingInterval: 2 ** 31 - 1, requestTimeout: 0 },
    (request, response) => {
      response.once('close', () => {
        expect(request.socket);
      });
      handle({ commands, readers, socketPath }, request, response, received).catch(() => {
        const message = 'the manager could not answer: this is a bug in alternate';
        sendError(response, { status: 500, code: 'internal', message });
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    expect(socket);
    socket.once('close', () => {
      received(socket);
    });
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  return server;
}

interface Serving {
  readonly commands: Commands;
  readonly readers: EventReaders;
  readonly socketPath: string;
}

async function handle(
  { commands, readers, socketPath }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
  received: (socket: Socket) => void,
): Promise<void> {
  response.on('error', () => undefined);
  const refusal = refusalOf(request.headers, socketPath);
  const matched = endpointOf(request.method ?? '', request.url ?? '');
  const body = await readBody(request);
  received(request.socket);
  if (!body.ended) response.setHeader('Connection', 'close');
  if (refusal !== null) sendError(response, refusal);
  else if (!matched.ok) sendError(response, matched.reason);
  else if (!body.ok) sendError(response, body.reason);
  else if (matched.value.type === 'events') sendEvents(readers, response);
  else await answer(commands, matched.value, body.value, response);
}

function sendEvents(readers: EventReaders, response: ServerResponse): void {
  if (readers.add(response)) return;
  response.setHeader('Connection', 'close');
  sendError(response, {
    status: 409,
    code: 'too-many-readers',
    message: `${MAX_EVENT_READERS} clients already follow the events, which is the limit`,
  });
}

async function answer(
  commands: Commands,
  endpoint: Exclude<Endpoint, { type: 'events' }>,
  body: unknown,
  response: ServerResponse,
): Promise<void> {
  switch (endpoint.type) {
    case 'status':
      send(response, 200, commands.status());
      return;
    case 'shutdown':
      commands.shutdown();
      send(response, 202, { accepted: true });
      return;
    case 'reload': {
      const result = await commands.reload();
      if (result.ok) {
        const { ok: _ok, failed, ...services } = result;
        send(response, 200, { ...services, failed: endpoint.wait ? await failed : [] });
      } else send(response, 422, { errors: result.errors });
      return;
    }
    case 'service': {
      const service = commands.service(endpoint.name);
      if (service === null) sendError(response, unknownService(commands, endpoint.name));
      else send(response, 200, service);
      return;
    }
    case 'action':
      if (commands.service(endpoint.name) === null)
        sendError(response, unknownService(commands, endpoint.name));
      else await act(commands, endpoint, body, response);
  }
}

async function act(
  commands: Commands,
  { action, name, wait, all }: Endpoint & { type: 'action' },
  body: unknown,
  response: ServerResponse,
): Promise<void> {
  switch (action) {
    case 'rotate': {
      const answer = all === true ? commands.rotateAmongAll(name) : commands.rotate(name);
      if (wait) sendRotation(response, name, await answer);
      else sendAccepted(response, await atOnce(answer));
      return;
    }
    case 'signal': {
      const wanted = (body as { signal?: unknown } | null)?.signal ?? 'SIGUSR1';
      const parsed = parseSignal(typeof wanted === 'string' ? wanted : '');
      if (parsed.ok) sendAccepted(response, await atOnce(commands.signal(name, parsed.value)));
      else
        sendError(response, {
          status: 422,
          code: 'unknown-signal',
          message: `${JSON.stringify(wanted)} is not a signal`,
        });
      return;
    }
    case 'start':
    case 'stop':
    case 'restart': {
      const result = await commands[action](name);
      if (result.type === 'refused') sendError(response, conflict(result.reason));
      else send(response, 200, commands.service(name));
    }
  }
}

/** The answer if there is one at once; null if the request is still under way. */
function atOnce(answer: Promise<Answer>): Promise<Answer | null> {
  return Promise.race([answer, new Promise<null>((resolve) => setImmediate(resolve, null))]);
}

function sendRotation(response: ServerResponse, service: string, answer: Answer): void {
  if (answer.type === 'rotated') {
    const { outcome, from, to, reason, durationMs } = answer.result;
    send(response, 200, { service, outcome, from, to, ...(reason !== undefined && { reason }), durationMs });
  } else {
    sendAccepted(response, answer);
  }
}

function sendAccepted(response: ServerResponse, answer: Answer | null): void {
  if (answer?.type === 'refused') sendError(response, conflict(answer.reason, answer.code));
  else send(response, 202, { accepted: true });
}

function conflict(message: string, code = 'conflict'): WireError {
  return { status: 409, code, message };
}

function unknownService(commands: Commands, name: string): WireError {
  const known = commands.status().services.map((service) => service.name);
  return {
    status: 404,
    code: 'unknown-service',
    message: `there is no service ${JSON.stringify(name)}. The services are: ${known.join(', ')}`,
  };
}

function sendError(response: ServerResponse, { status, code, message, allow }: WireError): void {
  if (allow !== undefined) response.setHeader('Allow', allow);
  send(response, status, { error: { code, message } });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
