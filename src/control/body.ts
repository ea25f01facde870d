import type { IncomingMessage } from 'node:http';
import type { WireError } from './routes.ts';

/** No request needs more. */
const MAX_BODY_BYTES = 16 * 1024;

type Body =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: WireError };

/** The body as JSON; null where there is none. Past the limit nothing more is kept of it. */
export function readBody(request: IncomingMessage): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      else resolve(failed(413, 'too-large', `a body of more than ${MAX_BODY_BYTES} bytes is not read`));
    });
    request.once('end', () => {
      resolve(parse(Buffer.concat(chunks).toString('utf8')));
    });
    request.once('error', () => {
      resolve(failed(400, 'broken-request', 'the request broke off'));
    });
  });
}

function parse(text: string): Body {
  if (text.trim() === '') return { ok: true, value: null };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object') return { ok: true, value };
  } catch {
    // Said below.
  }
  return failed(400, 'bad-json', 'the body is not a JSON object');
}

function failed(status: WireError['status'], code: string, message: string): Body {
  return { ok: false, error: { status, code, message } };
}
