import { describeAddressFault, parseAddress } from './address.ts';
import type { RawReady } from './generated/raw.ts';
import { child, type Pointer } from './pointer.ts';
import { substitute, substituteInPattern } from './template.ts';
import type { Parameter, Ready } from './types.ts';
import { readCommand, readDuration, textOf, type Context } from './values.ts';

const DEFAULT_INTERVAL_MS = 200;
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * How a service shows that it is ready; addresses and patterns are tried with each of its parameters. `listens`: its
 * instances share the sockets of `listen`.
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
  const checkEach = (key: string, check: (parameter: Parameter) => Fault | null) => {
    const fault = parameters.map(check).find((found) => found !== null);
    if (fault) context.say(child(pointer, key), fault.message, fault.hint);
  };
  const connects = raw.http !== undefined ? 'http' : raw.tcp !== undefined ? 'tcp' : null;
  if (listens && connects !== null) {
    const message = 'a connection to a socket that instances share is answered by the old one as well';
    context.say(
      child(pointer, connects),
      message,
      'beside listen, ready is one of output, exec and notify',
      'key',
    );
    return null;
  }
  if (raw.http !== undefined) {
    const url = raw.http;
    checkEach('http', (parameter) => faultOfUrl(substitute(url, parameter)));
    return { ...times, type: 'http', url };
  }
  if (raw.tcp !== undefined) {
    const address = textOf(raw.tcp, child(pointer, 'tcp'), context);
    checkEach('tcp', (parameter) => faultOfAddress(substitute(address, parameter)));
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

function faultOfUrl(text: string): Fault | null {
  if (!URL.canParse(text)) return { message: `${JSON.stringify(text)} is not a URL`, hint: URL_HINT };
  const { protocol } = new URL(text);
  if (protocol === 'http:' || protocol === 'https:') return null;
  return { message: `${JSON.stringify(text)} is not a URL of http or https`, hint: URL_HINT };
}

function faultOfAddress(text: string): Fault | null {
  const parsed = parseAddress(text);
  if (parsed.ok) return null;
  const hint =
    parsed.reason === 'bad-port' ? 'ports are 1 to 65535' : 'for instance 127.0.0.1:%alt, or a port';
  return { message: describeAddressFault(text, parsed), hint };
}

function faultOfPattern(source: string): Fault | null {
  try {
    new RegExp(source);
    return null;
  } catch (error) {
    // The engine's message repeats the pattern, in which the parameter is replaced already.
    const reason = error instanceof Error ? error.message.replace(/^.*\/[a-z]*: /s, '') : String(error);
    return {
      message: `not a regular expression: ${reason}`,
      hint: 'a backslash makes a character plain: \\(',
    };
  }
}
