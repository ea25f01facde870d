/** The control socket from outside, byte by byte where a test wants that; the program's own client is not used. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON; undefined where it is none. */
  readonly body: unknown;
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request and its whole answer. */
export async function wire(
  socketPath: string,
  method: string,
  target: string,
  { headers = {}, body = '' }: Asking = {},
): Promise<Answer> {
  const answered = new Promise<Answer>((resolve, reject) => {
    const length = body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const request = httpRequest(
      {
        socketPath,
        method,
        path: target,
        headers: { Host: 'localhost', ...length, ...headers },
        agent: false,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.once('error', reject);
        response.once('end', () => {
          const { statusCode: status = 0, headers: received } = response;
          resolve({ status, headers: received, text, body: parse(text) });
        });
      },
    );
    request.once('error', reject);
    request.end(body);
  });
  return await until(`an answer to ${method} ${target}`, answered);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A connection that a test writes to as it likes. It is closed when the test ends. */
export class RawConnection {
  readonly socket: Socket;
  received = '';
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
    onTestFinished(() => {
      socket.destroy();
    });
  }

  static async open(socketPath: string): Promise<RawConnection> {
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    const connection = new RawConnection(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return connection;
  }

  write(bytes: string): this {
    this.socket.write(bytes);
    return this;
  }

  /** Begins to read, and waits for a text. */
  async receives(text: string): Promise<void> {
    if (this.socket.listenerCount('data') === 0)
      this.socket.on('data', (chunk: string) => (this.received += chunk));
    await until(`${JSON.stringify(text)} from the server`, () => this.received.includes(text));
  }

  /** Whether the server has closed it; seen only by one that reads. */
  get over(): boolean {
    return this.closed || this.socket.readableEnded;
  }

  async isClosed(): Promise<void> {
    this.socket.resume();
    await until('the end of the connection', () => this.over);
  }
}
