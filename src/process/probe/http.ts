import { request as httpRequest, type RequestOptions } from 'node:http';

/** A server that accepts and never answers must not use up the whole time: then the next try is due. */
const TRY_TIMEOUT_MS = 5_000;

/**
 * One GET on a connection of its own; any 2xx or 3xx is well, and redirects are not followed. The certificate of an
 * `https` address is not checked, as kubelet's probes do not: it rarely names 127.0.0.1.
 * @returns null when the instance answered well, otherwise what was met instead
 */
export async function tryHttp(url: string, signal: AbortSignal): Promise<string | null> {
  const options: RequestOptions & { rejectUnauthorized?: boolean } = {
    agent: false,
    headers: { 'User-Agent': 'alternate', Connection: 'close' },
    signal,
    timeout: TRY_TIMEOUT_MS,
  };
  const secure = url.startsWith('https:');
  const shown = withoutSecrets(url);
  const send = secure ? (await import('node:https')).request : httpRequest;
  if (secure) options.rejectUnauthorized = false;
  return new Promise((resolve) => {
    const request = send(url, options, (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      resolve(status >= 200 && status < 400 ? null : `${shown} answered ${status}`);
    });
    request.on('timeout', () => {
      resolve(`${shown} did not answer within ${TRY_TIMEOUT_MS / 1000}s`);
      request.destroy();
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve(`${shown}: ${error.code ?? error.message}`);
    });
    request.end();
  });
}

/**
 * A URL for the log, `status` and events, which more people read than the configuration: with `***` for a password, for
 * a user without one (a token is given like that), and for each value of the query.
 */
export function withoutSecrets(url: string): string {
  return url
    .replace(/#.*$/s, '')
    .replace(/^([a-z]+:[\\/]*)([^/?#\\:]*:)?[^/?#\\]*@/i, '$1$2***@')
    .replace(/\?.*$/s, (query) => query.replace(/([^?&=]*=)[^&]*|[^?&=]+/g, '$1***'));
}
