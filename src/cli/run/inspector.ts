/**
 * A SIGUSR1 that comes while Node itself starts, before the entry's first statement, opens the debugger. The entry
 * starts Node with an address that no machine has (TEST-NET-1, RFC 5737), so that this fails; where Node was started some
 * other way, what was opened is closed again.
 */

/** The signal is dealt with on another thread: it may open the debugger a moment after the handler stands. */
const LOOK_AFTER_MS = [0, 50, 500];

/** Closes a debugger that nobody asked for by a flag. */
export function closeUnaskedInspector(): void {
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''];
  if (flags.some((flag) => /--inspect(?!-port)/.test(flag))) return;
  for (const ms of LOOK_AFTER_MS) setTimeout(() => void close(), ms).unref();
}

async function close(): Promise<void> {
  const inspector = await import('node:inspector');
  if (inspector.url() !== undefined) inspector.close();
}
