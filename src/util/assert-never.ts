/** The end of an exhaustive switch: it stops compiling when a kind is added that the switch does not know. */
export function assertNever(value: never): never {
  throw new Error(`not one of the known kinds: ${JSON.stringify(value)}`);
}
