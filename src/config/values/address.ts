/** Reads `host:port`. Pure. */
import { failure, success, type Result } from '../../util/result.ts';

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export type AddressFault = 'not-an-address' | 'bad-port';

export function describeAddressFault(text: string, reason: AddressFault): string {
  return `${JSON.stringify(text)} ${reason === 'bad-port' ? 'has no valid port' : 'is not an address'}`;
}

const ADDRESS = /^(?:\[([0-9a-fA-F:.%a-z]+)\]:|([^\s:[\]/]*):)?(\d+)$/;

/** Reads `host:port`, `[ipv6]:port`, `:port` or a port alone. Without a host it is a port of 127.0.0.1. */
export function parseAddress(text: string): Result<HostAndPort, AddressFault> {
  const match = ADDRESS.exec(text);
  if (match === null) return failure('not-an-address');
  const [, ipv6 = '', name = '', digits = ''] = match;
  const port = Number(digits);
  if (port < 1 || port > 65535) return failure('bad-port');
  const host = ipv6 === '' ? name : ipv6;
  return success({ host: host === '' ? '127.0.0.1' : host, port });
}
