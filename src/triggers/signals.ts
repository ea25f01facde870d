/** What the manager does at each signal. */
export interface SignalHandlers {
  /** SIGUSR1: rotate every service. */
  rotate(): void;
  /** SIGUSR2: open log files again. */
  reopen(): void;
  /** SIGHUP: read the configuration again. */
  reload(): void;
  /** SIGTERM, SIGINT, SIGQUIT: stop everything. `again` is true from the second stop signal on, whichever it is. */
  stop(signal: NodeJS.Signals, again: boolean): void;
}

/**
 * Listens to the manager's own signals until the returned function is called. SIGPIPE needs nothing: Node
 * ignores it from its start. Other listeners of the same signals (the entry's early one) are left alone, so
 * whoever installed them takes them away.
 */
export function listenToSignals(handlers: SignalHandlers): () => void {
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
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}
