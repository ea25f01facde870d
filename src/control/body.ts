/** Reads the body of a request. */
import type { IncomingMessage } from 'node:http';
import { failure, success, type Result } from '../util/result.ts';
import type { WireError } from './endpoints.ts';

/** No request needs more. */
const MAX_BODY_BYTES = 16 * 1024;
/**
 * If the connection is closed while the client still sends, the client gets EPIPE instead of the answer. So a body that
 * is too large is read to its end and discarded, within these limits (RFC 9112, 9.6).
 */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;
const MAX_DISCARDING_MS = 10_000;

type Body = Result<unknown, WireError> & {
  /** The body has been read to its end. Otherwise the connection cannot be used for another request. */
  readonly ended: boolean;
};

/** The body as JSON; null if there is none. Bytes beyond the limit are not kept. */
export function readBody(request: IncomingMessage): Promise<Body> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    let timer: NodeJS.Timeout | undefined;
    const tooLarge = (ended: boolean): void => {
      clearTimeout(timer);
      resolve({
        ...failed(413, 'too-large', `the body has more than ${MAX_BODY_BYTES} bytes`),
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
      resolve({
        ...failed(400, 'broken-request', 'the request ended before its body was complete'),
        ended: false,
      });
    });
  });
}

function parse(text: string): Result<unknown, WireError> {
  if (text.trim() === '') return success(null);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object') return success(value);
  } catch {
    // The same failure as for other JSON.
  }
  return failed(400, 'bad-json', 'the body is not a JSON object');
}

function failed(status: WireError['status'], code: string, message: string): Result<never, WireError> {
  return failure({ status, code, message });
}
