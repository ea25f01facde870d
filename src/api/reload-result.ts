/** A service whose new configuration failed, and why. The previous configuration stays in force. */
export interface FailedService {
  readonly service: string;
  readonly reason: string;
}

/** What a reload does to each service, by name. `errors`: one text per error, if the file is refused as a whole. */
export type ReloadResult =
  | {
      readonly ok: true;
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly changed: readonly string[];
      readonly applied: readonly string[];
      readonly unchanged: readonly string[];
      /** Resolves when every roll-out and every start has succeeded or failed. */
      readonly failed: Promise<readonly FailedService[]>;
    }
  | { readonly ok: false; readonly errors: readonly string[] };
