/** Calls the manager when it gets a signal. */

/** What the manager does at each signal. */
export interface SignalHandlers {
  /** SIGUSR1: rotate every service. */
  rotate(): void;
  /** SIGUSR2: open log files again. */
  reopen(): void;
  /** SIGHUP: read the configuration again. */
  reload(): void;
  /** SIGTERM, SIGINT, SIGQUIT: stop everything. `again` is true from the second of these signals on. */
  stop(signal: NodeJS.Signals, again: boolean): void;
}

/**
 * Listens to the signals that the manager gets, until `until` is aborted. SIGPIPE needs no listener: Node.js ignores it
 * from its start. Other listeners of the same signals (the entry's early one) stay: the code that added them removes
 * them.
 */
export function listenToSignals(handlers: SignalHandlers, until: AbortSignal): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    const again = stopping;
    stopping = true;
    handlers.stop(signal, again);
  };
  const listeners: readonly (readonly [NodeJS.Signals, (signal: NodeJS.Signals) => void])[] = [
    [
      'SIGUSR1',
      () => {
        handlers.rotate();
      },
    ],
    [
      'SIGUSR2',
      () => {
        handlers.reopen();
      },
    ],
    [
      'SIGHUP',
      () => {
        handlers.reload();
      },
    ],
    ['SIGTERM', stop],
    ['SIGINT', stop],
    ['SIGQUIT', stop],
  ];
  for (const [signal, listener] of listeners) process.on(signal, listener);
  until.addEventListener('abort', () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  });
}
