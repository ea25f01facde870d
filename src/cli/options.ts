/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly socket?: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}
