/** Signals to the manager that come while it starts. */
export const REMEMBERED = ['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const;

export type RememberedSignal = (typeof REMEMBERED)[number];

export interface EarlySignals {
  /** Ends the remembering and returns those that came. Other handlers must stand by then. */
  handOver(): ReadonlySet<RememberedSignal>;
  /**
   * This is no manager: from now on SIGHUP and SIGUSR2 end it, as one does that came already. SIGUSR1 still does nothing,
   * since Node would open its debugger.
   */
  stepBack(): void;
}

/** Begins to remember. Called by the entry before anything else. */
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
