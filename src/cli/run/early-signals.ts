/** Remembers the signals to the manager that arrive while it starts. */
export const REMEMBERED = ['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const;

export type RememberedSignal = (typeof REMEMBERED)[number];

export interface EarlySignals {
  /** Removes the handlers and returns the signals that arrived. The final handlers must already be installed. */
  handOver(): ReadonlySet<RememberedSignal>;
  /**
   * For a command that is not a manager: SIGHUP and SIGUSR2 end it, also one that has already arrived. SIGUSR1 still
   * does nothing, because Node.js would open its debugger.
   */
  stepBack(): void;
}

/** Installs the handlers. The entry calls this before everything else. */
export function rememberSignals(): EarlySignals {
  const came = new Set<RememberedSignal>();
  const remember = (signal: NodeJS.Signals): void => {
    came.add(signal as RememberedSignal);
  };
  for (const signal of REMEMBERED) process.on(signal, remember);
  return {
    handOver() {
      for (const signal of REMEMBERED) process.off(signal, remember);
      return came;
    },
    stepBack() {
      for (const signal of REMEMBERED) {
        if (signal === 'SIGUSR1') continue;
        process.off(signal, remember);
        if (came.has(signal)) process.kill(process.pid, signal);
      }
    },
  };
}
