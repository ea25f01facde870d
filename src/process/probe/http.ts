/** The readiness check over HTTP. */
import { request as httpRequest, type RequestOptions } from 'node:http';
import { DONE, failure, type Result } from '../../util/result.ts';

/**
 * The next try starts after this time, because a server that accepts and never answers must not use up all the time.
 */
const TRY_TIMEOUT_MS = 5_000;

/**
 * Sends one GET on a separate connection. Any 2xx or 3xx is a success; redirects are not followed. The certificate of
 * an `https` address is not checked, as in the probes of kubelet: it rarely names 127.0.0.1. A failure describes the
 * answer or the error.
 */
export async function tryHttp(url: string, signal: AbortSignal): Promise<Result<void>> {
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
      resolve(status >= 200 && status < 400 ? DONE : failure(`${shown} answered ${status}`));
    });
    request.on('timeout', () => {
      resolve(failure(`${shown} did not answer within ${TRY_TIMEOUT_MS / 1000}s`));
      request.destroy();
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve(failure(`${shown}: ${error.code ?? error.message}`));
    });
    request.end();
  });
}

/**
 * Hides the secrets of a URL, because more people read the log, `status` and events than the configuration. `***`
 * replaces the password, a user without a password (which can be a token), and each value of the query.
 */
export function withoutSecrets(url: string): string {
  return url
    .replace(/#.*$/s, '')
    .replace(/^([a-z]+:[\\/]*)([^/?#\\:]*:)?[^/?#\\]*@/i, '$1$2***@')
    .replace(/\?.*$/s, (query) => query.replace(/([^?&=]*=)[^&]*|[^?&=]+/g, '$1***'));
}
