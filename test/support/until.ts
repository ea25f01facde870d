/** Long enough for a slow machine with both cores busy; a test that needs it has failed anyway. */
const DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 10;

let notes: (() => string)[] = [];

/** Something to print when a deadline passes: the log of a manager, say. */
export function explainTimeouts(note: () => string): void {
  notes.push(note);
}

export function forgetExplanations(): void {
  notes = [];
}

/** Waits for a promise, or until a look finds something; fails with `what` and the logs at the deadline. */
export async function until<T>(
  what: string,
  happens: Promise<T> | (() => T | undefined | null | false | Promise<T | undefined | null | false>),
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  const failure = (): Error =>
    new Error([`waited ${deadlineMs} ms for: ${what}`, ...notes.map((note) => note())].join('\n'));
  if (typeof happens !== 'function') {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(failure());
      }, deadlineMs);
    });
    return await Promise.race([happens, late]).finally(() => {
      clearTimeout(timer);
    });
  }
  for (;;) {
    const found = await happens();
    if (found !== undefined && found !== null && found !== false) return found;
    if (performance.now() > end) throw failure();
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
