/** Reads `host:port`. Pure. */
export type ParsedAddress =
  | { readonly ok: true; readonly host: string; readonly port: number }
  | { readonly ok: false; readonly reason: 'not-an-address' | 'bad-port' };

export function describeAddressFault(text: string, { reason }: ParsedAddress & { ok: false }): string {
  return `${JSON.stringify(text)} ${reason === 'bad-port' ? 'has no valid port' : 'is not an address'}`;
}

const ADDRESS = /^(?:\[([0-9a-fA-F:.%a-z]+)\]:|([^\s:[\]/]*):)?(\d+)$/;

/** Reads `host:port`, `[ipv6]:port`, `:port` or a port alone. Without a host it is a port of 127.0.0.1. */
export function parseAddress(text: string): ParsedAddress {
  const match = ADDRESS.exec(text);
  if (match === null) return { ok: false, reason: 'not-an-address' };
  const [, ipv6 = '', name = '', digits = ''] = match;
  const port = Number(digits);
  if (port < 1 || port > 65535) return { ok: false, reason: 'bad-port' };
  const host = ipv6 === '' ? name : ipv6;
  return { ok: true, host: host === '' ? '127.0.0.1' : host, port };
}
