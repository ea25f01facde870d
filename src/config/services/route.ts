/** Reads `address` and `route`. */
import { resolve } from 'node:path';
import { describeAddressFault, parseAddress } from '../values/address.ts';
import type { RawRoute, RawService } from '../schema/generated/raw.ts';
import { child, type Pointer } from '../read/pointer.ts';
import { sharedAddress } from './ready.ts';
import { addressOfText } from '../values/socket-address.ts';
import { hasPlaceholder, substitute } from '../values/template.ts';
import type { Parameter, Route } from '../types.ts';
import { textOf, type Context } from '../values/values.ts';

/** NAME_MAX of every usual file system, in bytes; limits.h. */
const LONGEST_FILE_NAME = 255;
/** The names that HAProxy allows. `show servers state` separates fields by spaces, and `;` separates commands. */
const HAPROXY_NAME = /^[A-Za-z0-9_.:-]+$/;
const HAPROXY_NAME_HINT = 'use letters, digits, "_", "-", "." and ":"';

/** Where an instance listens. The result may contain `%alt`. It is checked with each parameter. */
export function readAddress(
  raw: RawService['address'],
  parameters: readonly Parameter[],
  pointer: Pointer,
  context: Context,
): string | null {
  if (raw === undefined) return null;
  const address = textOf(raw, pointer, context);
  if (parameters.length > 1 && !hasPlaceholder(address)) {
    const hint = 'put %alt into it, for instance 127.0.0.1:%alt';
    context.error(pointer, 'every instance would have the same address', hint);
    return address;
  }
  for (const parameter of parameters) {
    const text = substitute(address, parameter);
    const parsed = parseAddress(text);
    if (parsed.ok) continue;
    context.error(
      pointer,
      describeAddressFault(text, parsed.reason),
      'for instance 127.0.0.1:%alt, or a port',
    );
    return address;
  }
  const shared = sharedAddress(address, parameters, addressOfText, 'for instance 127.0.0.1:%alt');
  if (shared !== null) context.error(pointer, shared.message, shared.hint);
  return address;
}

/** How the proxy is notified. Null if `route` is not given or wrong. */
export function readRoute(
  raw: RawRoute | undefined,
  parameters: readonly Parameter[],
  pointer: Pointer,
  context: Context,
): Route | null {
  if (raw === undefined) return null;
  if (parameters.length < 2) {
    const hint = 'remove route, or give the service parameters';
    context.error(pointer, 'a service without parameters has only one instance to route to', hint, 'key');
    return null;
  }
  if (raw.files !== undefined) {
    const place = child(pointer, 'files');
    if (hasPlaceholder(raw.files)) {
      context.error(place, '%alt is not replaced here', 'give one folder for the files of all instances');
    }
    for (const parameter of parameters) checkFileName(parameter ?? '', place, context);
    return { type: 'files', folder: resolve(context.baseDir, raw.files) };
  }
  if (raw.haproxy === undefined) return null;
  const { socket, backend, server } = raw.haproxy;
  if (!HAPROXY_NAME.test(backend))
    context.error(
      child(child(pointer, 'haproxy'), 'backend'),
      `${JSON.stringify(backend)} cannot be the name of a backend of HAProxy`,
      HAPROXY_NAME_HINT,
    );
  checkServers(server, parameters, child(child(pointer, 'haproxy'), 'server'), context);
  return { type: 'haproxy', socket: resolve(context.baseDir, socket), backend, server };
}

function checkFileName(parameter: string, pointer: Pointer, context: Context): void {
  const fault =
    parameter === '' || parameter === '.' || parameter === '..'
      ? 'cannot be the name of a file'
      : /[/\0]/.test(parameter)
        ? 'cannot be the name of a file: it contains a slash or a zero byte'
        : Buffer.byteLength(parameter) > LONGEST_FILE_NAME
          ? 'is too long for the name of a file (255 bytes)'
          : null;
  if (fault === null) return;
  context.error(
    pointer,
    `the parameter ${JSON.stringify(parameter)} ${fault}`,
    'route: { files: … } creates a file with the name of the parameter',
  );
}

function checkServers(
  server: string,
  parameters: readonly Parameter[],
  pointer: Pointer,
  context: Context,
): void {
  if (!hasPlaceholder(server)) {
    context.error(
      pointer,
      'every instance would be the same server',
      'put %alt into it, for instance api-%alt',
    );
    return;
  }
  const odd = parameters
    .map((parameter) => substitute(server, parameter))
    .find((name) => !HAPROXY_NAME.test(name));
  if (odd === undefined) return;
  context.error(
    pointer,
    `${JSON.stringify(odd)} cannot be the name of a server of HAProxy`,
    HAPROXY_NAME_HINT,
  );
}
