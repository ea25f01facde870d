/**
 * The reasons of a rotation that a request ended early. The instance that served is stopped: it does not keep serving.
 */
export const INTERRUPTION = {
  stop: 'the service was stopped',
  restart: 'a restart was requested',
} as const;

export function isInterruption(reason: string): boolean {
  return Object.values<string>(INTERRUPTION).includes(reason);
}
