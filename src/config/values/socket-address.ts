/** Compares addresses: where servers listen, and where checks connect to. The notation does not matter. Pure. */
import { parseAddress } from './address.ts';
import type { ListenAddress } from '../types.ts';

/** `host: null` is every address of the machine. A host is an IP address in its shortest form, or a name. */
export type SocketAddress =
  | { readonly type: 'tcp'; readonly host: string | null; readonly port: number }
  | { readonly type: 'unix'; readonly path: string };

const LOOPBACK_NAME = 'localhost';
const LOOPBACK: readonly string[] = [LOOPBACK_NAME, '127.0.0.1', '::1'];
const EVERYWHERE: readonly string[] = ['0.0.0.0', '::'];
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Where `host:port`, `[ipv6]:port`, `:port` or a port alone connects to. Null if the text is not an address. */
export function addressOfText(text: string): SocketAddress | null {
  const parsed = parseAddress(text);
  if (!parsed.ok) return null;
  const { host, port } = parsed.value;
  return { type: 'tcp', host: canonicalHost(host), port };
}

/** Where a request for this URL connects to. Null if the text is not an http or https URL. */
export function addressOfUrl(text: string): (SocketAddress & { type: 'tcp' }) | null {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, port } = new URL(text);
  const fallback = DEFAULT_PORTS[protocol];
  if (fallback === undefined) return null;
  return {
    type: 'tcp',
    host: canonicalHost(hostname.replace(/^\[|\]$/g, '')),
    port: port === '' ? fallback : Number(port),
  };
}

export function addressOfListen(address: ListenAddress): SocketAddress {
  if (address.type === 'unix') return { type: 'unix', path: address.path };
  const { host, port } = address;
  return { type: 'tcp', host: host === null ? null : canonicalHost(host), port };
}

/** `127.0.0.1:3000`, `[::1]:3000`, `:8080` or `unix:/run/web.sock`. */
export function describeSocketAddress(address: SocketAddress): string {
  if (address.type === 'unix') return `unix:${address.path}`;
  const { host, port } = address;
  if (host === null) return `:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Each pair of entries with the same place, as [earlier, later]. */
export function* clashes<Entry extends { readonly address: SocketAddress }>(
  entries: readonly Entry[],
): Generator<readonly [Entry, Entry]> {
  const seen = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { address } = entry;
    const key = address.type === 'unix' ? `unix:${address.path}` : String(address.port);
    const others = seen.get(key) ?? [];
    for (const other of others) if (isSamePlace(other.address, address)) yield [other, entry];
    seen.set(key, [...others, entry]);
  }
}

/** Whether two addresses of one port, or of one path, can be answered by the same socket. */
function isSamePlace(one: SocketAddress, other: SocketAddress): boolean {
  if (one.type === 'unix' || other.type === 'unix') return one.type === other.type;
  if (one.host === other.host) return true;
  if (one.host === null) return isOwnAddress(other.host);
  if (other.host === null) return isOwnAddress(one.host);
  return (
    [one.host, other.host].includes(LOOPBACK_NAME) &&
    LOOPBACK.includes(one.host) &&
    LOOPBACK.includes(other.host)
  );
}

/** Whether this may be an address of this machine. A name other than localhost may be another machine. */
function isOwnAddress(host: string | null): boolean {
  return host === LOOPBACK_NAME || /^[\d.]+$|:/.test(host ?? '');
}

/** An IP address in its shortest form (`127.1` and `::ffff:127.0.0.1` are 127.0.0.1), or a name in lower case. */
function canonicalHost(host: string): string | null {
  const url = `http://${host.includes(':') ? `[${host}]` : host}/`;
  // In a URL, these characters end the host.
  const parsed = !/[@?#\\]/.test(host) && URL.canParse(url) ? new URL(url).hostname : host;
  const name = parsed.replace(/^\[|\]$|\.$/g, '').toLowerCase();
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(name);
  const plain = mapped === null ? name : dotted(mapped[1] ?? '', mapped[2] ?? '');
  if (EVERYWHERE.includes(plain) || plain === '*') return null;
  // RFC 6761, 6.3: every name below localhost is a loopback address.
  return plain.endsWith(`.${LOOPBACK_NAME}`) ? LOOPBACK_NAME : plain;
}

function dotted(high: string, low: string): string {
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join('.');
}
