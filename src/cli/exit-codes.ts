/** The exit codes of all commands. */
export const EXIT = {
  done: 0,
  /** The request failed: a rotation failed, no manager runs, all services have failed. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
