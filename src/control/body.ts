import type { IncomingMessage } from 'node:http';
import type { WireError } from './endpoints.ts';

/** No request needs more. */
const MAX_BODY_BYTES = 16 * 1024;
/**
 * A client that still sends when the connection is closed gets EPIPE instead of its answer: what is too large is read
 * to its end and discarded, within these limits (RFC 9112, 9.6).
 */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;
const MAX_DISCARDING_MS = 10_000;

type Parsed =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: WireError };

type Body = Parsed & {
  /** Nothing more of it is on its way. Otherwise the connection cannot be used for another request. */
  readonly ended: boolean;
};

/** The body as JSON; null where there is none. Past the limit nothing more is kept of it. */
export function readBody(request: IncomingMessage): Promise<Body> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    let timer: NodeJS.Timeout | undefined;
    const tooLarge = (ended: boolean): void => {
      clearTimeout(timer);
      resolve({
        ...failed(413, 'too-large', `a body of more than ${MAX_BODY_BYTES} bytes is not accepted`),
        ended,
      });
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) {
        chunks.push(chunk);
        return;
      }
      chunks = [];
      timer ??= setTimeout(tooLarge, MAX_DISCARDING_MS, false);
      if (bytes > MAX_DISCARDED_BYTES) tooLarge(false);
    });
    request.once('end', () => {
      if (bytes > MAX_BODY_BYTES) tooLarge(true);
      else resolve({ ...parse(Buffer.concat(chunks).toString('utf8')), ended: true });
    });
    request.once('error', () => {
      clearTimeout(timer);
      resolve({ ...failed(400, 'broken-request', 'the request broke off'), ended: false });
    });
  });
}

function parse(text: string): Parsed {
  if (text.trim() === '') return { ok: true, value: null };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object') return { ok: true, value };
  } catch {
    // Said below.
  }
  return failed(400, 'bad-json', 'the body is not a JSON object');
}

function failed(status: WireError['status'], code: string, message: string): Parsed & { ok: false } {
  return { ok: false, error: { status, code, message } };
}
