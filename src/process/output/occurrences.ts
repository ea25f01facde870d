/** What can go wrong with output, for the log. `file` is a log file's path, or `stdout` or `stderr`. */
export type OutputOccurrence =
  /**
   * Bytes cannot be stored and are discarded until it works again. `reason` is the error's name in errno(3)
   * (`ENOSPC`, `EMFILE`, …), `bytes` what is lost so far.
   */
  | { readonly type: 'output-lost'; readonly file: string; readonly reason: string; readonly bytes: number }
  /** It works again; `bytes` were lost in the meantime. */
  | {
      readonly type: 'output-restored';
      readonly file: string;
      readonly reason: string;
      readonly bytes: number;
    }
  /** A log file has reached its size and cannot be renamed: it grows beyond that size. */
  | { readonly type: 'output-not-rotated'; readonly file: string; readonly reason: string }
  /** Whoever read stdout or stderr has gone: what is written there is discarded from now on. */
  | { readonly type: 'output-closed'; readonly file: string; readonly reason: string }
  /** A stalled reader left no room for so many of the manager's own messages; it reads again. */
  | { readonly type: 'messages-dropped'; readonly file: string; readonly count: number };

export type ReportOutput = (occurrence: OutputOccurrence) => void;

/** The errno name of a failed system call, for instance `ENOSPC`. */
export function errnoName(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}
