/** Maps requests to endpoints. Pure. */
import { failure, success, type Result } from '../util/result.ts';

export type ServiceAction = 'signal' | 'rotate' | 'start' | 'stop' | 'restart';

export type Endpoint =
  | { readonly type: 'status' | 'shutdown' }
  | { readonly type: 'events' }
  /** `wait`: the answer is sent when the roll-outs have ended. */
  | { readonly type: 'reload'; readonly wait: boolean }
  | { readonly type: 'service'; readonly name: string }
  | {
      readonly type: 'action';
      readonly action: ServiceAction;
      readonly name: string;
      readonly wait: boolean;
      /** For `rotate`: the request is part of a rotation of all services. */
      readonly all?: true;
    };

/** An error answer with its HTTP status. */
export interface WireError {
  readonly status: 400 | 403 | 404 | 405 | 409 | 413 | 422 | 500;
  readonly code: string;
  readonly message: string;
  /** For 405: the allowed methods. */
  readonly allow?: string;
}

export type MatchedEndpoint = Result<Endpoint, WireError>;

const ACTIONS: readonly string[] = ['signal', 'rotate', 'start', 'stop', 'restart'] satisfies ServiceAction[];

/** @param target the request's target, `/v1/…?…` */
export function endpointOf(method: string, target: string): MatchedEndpoint {
  let url: URL;
  let parts: string[];
  try {
    url = new URL(target, 'http://localhost');
    parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return failed(400, 'bad-target', 'the request target is not a valid URL path');
  }
  const [version, first, name, action, ...rest] = parts;
  if (version !== 'v1' || rest.length > 0) return notFound(url.pathname);
  if (first !== 'services')
    return name === undefined ? topEndpoint(method, first ?? '', url) : notFound(url.pathname);
  if (name === undefined || name === '') return notFound(url.pathname);
  if (action === undefined) return only('GET', method, { type: 'service', name });
  if (!isAction(action)) return notFound(url.pathname);
  return only('POST', method, {
    type: 'action',
    action,
    name,
    wait: url.searchParams.get('wait') === 'true',
    ...(url.searchParams.get('all') === 'true' && { all: true }),
  });
}

function topEndpoint(method: string, word: string, { pathname, searchParams }: URL): MatchedEndpoint {
  switch (word) {
    case 'status':
    case 'events':
      return only('GET', method, { type: word });
    case 'reload':
      return only('POST', method, { type: word, wait: searchParams.get('wait') !== 'false' });
    case 'shutdown':
      return only('POST', method, { type: word });
    default:
      return notFound(pathname);
  }
}

/**
 * Refuses requests from web pages. They have the header `Origin` or `Sec-Fetch-Site`. If a page points its own host
 * name to this machine (DNS rebinding), its requests have this name in `Host`.
 * @returns the error; null if the request is allowed
 */
export function refusalOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  socketPath: string,
): WireError | null {
  if (headers['origin'] !== undefined || headers['sec-fetch-site'] !== undefined)
    return { status: 403, code: 'web-page', message: 'requests from web pages are refused' };
  const { host } = headers;
  if (host === 'localhost' || host === socketPath || host === '') return null;
  return { status: 403, code: 'foreign-host', message: 'the Host header must be localhost' };
}

function isAction(word: string): word is ServiceAction {
  return ACTIONS.includes(word);
}

function only(allowed: 'GET' | 'POST', method: string, endpoint: Endpoint): MatchedEndpoint {
  if (method === allowed) return success(endpoint);
  const message = `this endpoint accepts only ${allowed}`;
  return failure({ status: 405, code: 'method-not-allowed', message, allow: allowed });
}

function notFound(path: string): MatchedEndpoint {
  return failed(404, 'not-found', `there is no endpoint ${path}`);
}

function failed(status: WireError['status'], code: string, message: string): MatchedEndpoint {
  return failure({ status, code, message });
}
