/** The readiness check over TCP. */
import { connect } from 'node:net';
import { parseAddress } from '../../config/values/address.ts';
import { DONE, failure, type Result } from '../../util/result.ts';

/** The next try starts after this time, if a connection is neither accepted nor refused (a packet filter). */
const TRY_TIMEOUT_MS = 5_000;

/**
 * Opens one connection and closes it as soon as it is accepted.
 * @param address `host:port`, `[ipv6]:port`, `:port`, or only a port, which means 127.0.0.1
 */
export function connectTcp(address: string, signal: AbortSignal): Promise<Result<void>> {
  const target = parseAddress(address);
  if (!target.ok) return Promise.resolve(failure(`${address} is not an address`));
  const { host, port } = target.value;
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TRY_TIMEOUT_MS });
    const end = (result: Result<void>): void => {
      signal.removeEventListener('abort', cancel);
      socket.destroy();
      resolve(result);
    };
    const cancel = (): void => {
      end(failure('it was cancelled'));
    };
    signal.addEventListener('abort', cancel);
    socket.once('connect', () => {
      end(DONE);
    });
    socket.once('timeout', () => {
      end(failure(`${address} did not answer within ${TRY_TIMEOUT_MS / 1000}s`));
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      end(failure(`${address}: ${error.code ?? error.message}`));
    });
  });
}
