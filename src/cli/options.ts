/** The options of every command. */
export interface GlobalOptions {
  readonly config?: string;
  readonly socket?: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}
