/** Reads `listen`: the sockets that every instance inherits. */
import { resolve } from 'node:path';
import { LONGEST_SOCKET_PATH } from '../../util/longest-socket-path.ts';
import { describeAddressFault, parseAddress } from '../values/address.ts';
import type { RawListenAddress, RawListenSocket, RawService } from '../schema/generated/raw.ts';
import { child, type Pointer } from '../read/pointer.ts';
import { addressOfListen, clashes, describeSocketAddress } from '../values/socket-address.ts';
import { hasPlaceholder } from '../values/template.ts';
import type { ListenAddress, ListenSocket } from '../types.ts';
import { textOf, type Context } from '../values/values.ts';

const DEFAULT_BACKLOG = 511;
/** systemd.socket(5), `SocketMode=`. */
const DEFAULT_MODE = 0o666;
const EXAMPLES = 'for instance 127.0.0.1:8080, "[::1]:8080", ":8080" or unix:run/web.sock';
/** What sd_listen_fds_with_names(3) allows: printable, no colon, at most 255 characters. */
const NAME = /^[\x21-\x39\x3b-\x7e]{1,255}$/;

/** The keys that may stand beside `address`. */
const SETTINGS: readonly string[] = ['backlog', 'mode'];

type RawListen = NonNullable<RawService['listen']>;
type RawSocket = RawListenAddress | RawListenSocket;

/** The sockets in their order. A socket without a name has the name of the service. */
export function readListen(
  raw: RawListen | undefined,
  service: string,
  pointer: Pointer,
  context: Context,
): readonly ListenSocket[] {
  if (raw === undefined) return [];
  const sockets = entriesOf(raw, service, pointer, context).flatMap(({ name, socket, place }) => {
    const read = readSocket(socket, name, place, context);
    return read === null ? [] : [{ ...read, place }];
  });
  const entries = sockets.map(({ address, place }) => ({ address: addressOfListen(address), place }));
  for (const [one, other] of clashes(entries)) {
    const [first, second] = [describeSocketAddress(one.address), describeSocketAddress(other.address)];
    context.error(
      other.place,
      first === second ? `${second} is listed twice` : `${first} includes ${second}`,
    );
  }
  return sockets.map(({ name, address, backlog }) => ({ name, address, backlog }));
}

/** A text that is equal for two addresses that cannot be used at the same time. */
export function listenKey(address: ListenAddress): string {
  if (address.type === 'unix') return `unix:${address.path}`;
  const { host, port } = address;
  if (host === null) return `:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

interface Entry {
  readonly name: string;
  readonly socket: RawSocket;
  readonly place: Pointer;
}

function entriesOf(raw: RawListen, service: string, pointer: Pointer, context: Context): readonly Entry[] {
  if (typeof raw !== 'object') return [{ name: service, socket: raw, place: pointer }];
  if (Array.isArray(raw))
    return raw.map((socket, index) => ({ name: service, socket, place: child(pointer, index) }));
  if (Object.hasOwn(raw, 'address')) return settingsOf(raw, service, pointer, context);
  return Object.entries(raw).map(([name, socket]) => {
    const place = child(pointer, name);
    const setting = SETTINGS.includes(name);
    if (setting || !NAME.test(name)) {
      const hint = setting ? `for the settings of one socket, add address beside ${name}` : null;
      context.error(place, `${JSON.stringify(name)} cannot be the name of a socket`, hint, 'key');
    }
    return { name, socket, place };
  });
}

/** Reads `{ address, backlog, mode }`. The schema cannot distinguish it from a mapping of names to addresses. */
function settingsOf(
  raw: Readonly<Record<string, RawSocket>>,
  service: string,
  pointer: Pointer,
  context: Context,
): readonly Entry[] {
  const unknown = Object.keys(raw).find((key) => key !== 'address' && !SETTINGS.includes(key));
  const { address, backlog, mode } = raw;
  if (unknown !== undefined) {
    const hint = 'the keys beside address are backlog and mode; "address" cannot be the name of a socket';
    context.error(child(pointer, unknown), 'unknown key', hint, 'key');
  } else if (typeof address === 'object') {
    context.error(child(pointer, 'address'), 'expected an address', EXAMPLES);
  } else if (backlog !== undefined && (typeof backlog !== 'number' || backlog < 1)) {
    context.error(child(pointer, 'backlog'), 'expected a whole number from 1 to 65535');
  } else if (mode !== undefined && typeof mode !== 'string') {
    context.error(child(pointer, 'mode'), 'expected permissions in quotes, such as "0660"');
  } else {
    const socket = {
      address: address ?? '',
      ...(backlog !== undefined && { backlog }),
      ...(mode !== undefined && { mode }),
    };
    return [{ name: service, socket, place: pointer }];
  }
  return [];
}

function readSocket(raw: RawSocket, name: string, place: Pointer, context: Context): ListenSocket | null {
  const settings = typeof raw === 'object' ? raw : { address: raw };
  const at = typeof raw === 'object' ? child(place, 'address') : place;
  const text = textOf(settings.address, at, context);
  if (hasPlaceholder(text)) {
    context.error(at, '%alt is not replaced here', 'write a fixed address: all instances share the sockets');
    return null;
  }
  const address = text.startsWith('unix:')
    ? readPath(text.slice('unix:'.length), settings.mode, at, child(place, 'mode'), context)
    : readTcp(text, at, context);
  if (settings.mode !== undefined && address?.type === 'tcp')
    context.error(child(place, 'mode'), 'only a unix socket has permissions', null, 'key');
  return address === null ? null : { name, address, backlog: settings.backlog ?? DEFAULT_BACKLOG };
}

function readTcp(text: string, at: Pointer, context: Context): ListenAddress | null {
  const parsed = parseAddress(text);
  if (!parsed.ok) {
    context.error(at, describeAddressFault(text, parsed.reason), EXAMPLES);
    return null;
  }
  // Without a host, the socket listens on every address of the machine, as in nginx and systemd.
  const everywhere = /^:?\d+$/.test(text) || parsed.value.host === '*';
  return { type: 'tcp', host: everywhere ? null : parsed.value.host, port: parsed.value.port };
}

function readPath(
  path: string,
  mode: string | undefined,
  at: Pointer,
  modeAt: Pointer,
  context: Context,
): ListenAddress | null {
  const absolute = resolve(context.baseDir, path);
  const length = Buffer.byteLength(absolute);
  if (path === '' || length > LONGEST_SOCKET_PATH) {
    const message = `the path of a socket has 1 to ${LONGEST_SOCKET_PATH} bytes, but this one has ${path === '' ? 0 : length}`;
    context.error(at, message, path === '' ? EXAMPLES : `the absolute path is ${absolute}`);
    return null;
  }
  if (mode !== undefined && !/^0?[0-7]{3}$/.test(mode)) {
    context.error(
      modeAt,
      `${JSON.stringify(mode)} is not a mode`,
      'write octal digits in quotes, as in "0660"',
    );
    return null;
  }
  return { type: 'unix', path: absolute, mode: mode === undefined ? DEFAULT_MODE : Number.parseInt(mode, 8) };
}
