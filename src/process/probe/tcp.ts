import { connect } from 'node:net';
import { parseAddress } from '../../config/values/address.ts';

/** A connection that is neither accepted nor refused (a filter) is tried again after this. */
const TRY_TIMEOUT_MS = 5_000;

/**
 * One connection, closed as soon as it stands.
 * @param address `host:port`, `[ipv6]:port`, `:port` or a port alone, which stands for 127.0.0.1
 * @returns null when it was accepted, otherwise why not
 */
export function connectTcp(address: string, signal: AbortSignal): Promise<string | null> {
  const target = parseAddress(address);
  if (!target.ok) return Promise.resolve(`${address} is not an address`);
  const { host, port } = target;
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TRY_TIMEOUT_MS });
    const end = (failure: string | null): void => {
      signal.removeEventListener('abort', cancel);
      socket.destroy();
      resolve(failure);
    };
    const cancel = (): void => {
      end('it was cancelled');
    };
    signal.addEventListener('abort', cancel);
    socket.once('connect', () => {
      end(null);
    });
    socket.once('timeout', () => {
      end(`${address} did not answer within ${TRY_TIMEOUT_MS / 1000}s`);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      end(`${address}: ${error.code ?? error.message}`);
    });
  });
}
