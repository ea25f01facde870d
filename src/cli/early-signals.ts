/** SIGUSR1 that came before anybody could deal with it. */
export interface EarlySignals {
  /** Ends the remembering and returns how many came. Another handler must stand by then. */
  takeOver(): number;
}
