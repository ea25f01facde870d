/** Reads `ready`, and checks its addresses and patterns for each parameter. */
import { describeAddressFault, parseAddress } from '../values/address.ts';
import type { RawReady } from '../schema/generated/raw.ts';
import { child, type Pointer } from '../read/pointer.ts';
import {
  addressOfText,
  addressOfUrl,
  clashes,
  describeSocketAddress,
  type SocketAddress,
} from '../values/socket-address.ts';
import { hasPlaceholder, substitute, substituteInPattern } from '../values/template.ts';
import type { Parameter, Ready } from '../types.ts';
import { readCommand, readDuration, textOf, type Context } from '../values/values.ts';

const DEFAULT_INTERVAL_MS = 200;
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Reads how a service shows that it is ready. `listens`: its instances share the sockets of `listen`.
 */
export function readReady(
  raw: RawReady,
  parameters: readonly Parameter[],
  listens: boolean,
  pointer: Pointer,
  context: Context,
): Ready | null {
  const times = {
    intervalMs: readDuration(
      raw.interval,
      DEFAULT_INTERVAL_MS,
      child(pointer, 'interval'),
      context,
      'positive',
    ),
    timeoutMs: readDuration(raw.timeout, DEFAULT_TIMEOUT_MS, child(pointer, 'timeout'), context, 'positive'),
  };
  const checkEach = (
    key: string,
    check: (parameter: Parameter) => Fault | null,
    others: Fault | null = null,
  ) => {
    const fault = parameters.map(check).find((found) => found !== null) ?? others;
    if (fault) context.error(child(pointer, key), fault.message, fault.hint);
  };
  const connects = raw.http !== undefined ? 'http' : raw.tcp !== undefined ? 'tcp' : null;
  if (listens && connects !== null) {
    const message =
      'this check cannot work with listen: the instances share the socket, so the old one may answer';
    context.error(child(pointer, connects), message, 'with listen, use output, exec or notify', 'key');
    return null;
  }
  if (raw.http !== undefined) {
    const url = raw.http;
    checkEach(
      'http',
      (parameter) => faultOfUrl(substitute(url, parameter)),
      sharedAddress(url, parameters, addressOfUrl, URL_HINT),
    );
    return { ...times, type: 'http', url };
  }
  if (raw.tcp !== undefined) {
    const address = textOf(raw.tcp, child(pointer, 'tcp'), context);
    checkEach(
      'tcp',
      (parameter) => faultOfAddress(substitute(address, parameter)),
      sharedAddress(address, parameters, addressOfText, ADDRESS_HINT),
    );
    return { ...times, type: 'tcp', address };
  }
  if (raw.exec !== undefined) {
    return { ...times, type: 'exec', command: readCommand(raw.exec, child(pointer, 'exec'), context) };
  }
  if (raw.output !== undefined) {
    const pattern = raw.output;
    checkEach('output', (parameter) => faultOfPattern(substituteInPattern(pattern, parameter)));
    return { ...times, type: 'output', pattern };
  }
  return raw.notify === true ? { ...times, type: 'notify' } : null;
}

interface Fault {
  readonly message: string;
  readonly hint: string;
}

const URL_HINT = 'for instance http://127.0.0.1:%alt/healthz';
const ADDRESS_HINT = 'for instance 127.0.0.1:%alt';

/**
 * Whether two parameters give the same address. Then the old instance would answer the check of the new one, and a
 * release that never listens would count as ready. `%alt` in a path or a query does not help: the same process answers.
 * @returns null if the addresses differ
 */
export function sharedAddress(
  template: string,
  parameters: readonly Parameter[],
  addressOf: (text: string) => SocketAddress | null,
  example: string,
): Fault | null {
  const entries = parameters.flatMap((parameter) => {
    const address = addressOf(substitute(template, parameter));
    return address === null ? [] : [{ parameter, address }];
  });
  const [clash] = clashes(entries);
  if (clash === undefined) return null;
  const [one, other] = clash;
  const where = describeSocketAddress(other.address);
  const why = 'the old instance would answer for the new one';
  if (one.parameter === null || other.parameter === null || !hasPlaceholder(template))
    return {
      message: `every instance has the address ${where}, so ${why}`,
      hint: `put %alt into it, ${example}`,
    };
  const both = `${one.parameter} and ${other.parameter}`;
  return {
    message: `the parameters ${both} give the same address, ${where}, so ${why}`,
    hint: `each parameter must give a different host or port, ${example}`,
  };
}

function faultOfUrl(text: string): Fault | null {
  if (!URL.canParse(text)) return { message: `${JSON.stringify(text)} is not a URL`, hint: URL_HINT };
  const { protocol } = new URL(text);
  if (protocol === 'http:' || protocol === 'https:') return null;
  return { message: `${JSON.stringify(text)} is not an http or https URL`, hint: URL_HINT };
}

function faultOfAddress(text: string): Fault | null {
  const parsed = parseAddress(text);
  if (parsed.ok) return null;
  const hint =
    parsed.reason === 'bad-port' ? 'ports are 1 to 65535' : 'for instance 127.0.0.1:%alt, or a port';
  return { message: describeAddressFault(text, parsed.reason), hint };
}

function faultOfPattern(source: string): Fault | null {
  try {
    new RegExp(source);
    return null;
  } catch (error) {
    // The message of the engine repeats the pattern, with the parameter already put in.
    const reason = error instanceof Error ? error.message.replace(/^.*\/[a-z]*: /s, '') : String(error);
    return {
      message: `not a regular expression: ${reason}`,
      hint: 'put a backslash before a special character: \\(',
    };
  }
}
