/** What the shell is told. */
export const EXIT = {
  done: 0,
  /** The thing asked for failed: a rotation rolled back, no manager there, all services failed. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
