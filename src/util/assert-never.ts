/** The end of an exhaustive switch. The switch no longer compiles if a kind is added that it does not handle. */
export function assertNever(value: never): never {
  throw new Error(`unknown kind: ${JSON.stringify(value)}`);
}
