/** Reasons of a rotation that somebody cut short: what served is told to stop, it does not go on. */
export const INTERRUPTION = {
  stop: 'the service was stopped',
  restart: 'a restart was asked for',
} as const;

export function isInterruption(reason: string): boolean {
  return Object.values<string>(INTERRUPTION).includes(reason);
}
