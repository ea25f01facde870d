/**
 * Closes the debugger that an early SIGUSR1 opened. The signal opens it if it arrives before the entry's first
 * statement. The entry starts Node.js with an inspector address that no machine has (TEST-NET-1, RFC 5737), so that
 * this fails. If Node.js was started in another way, the debugger is closed here.
 */

/** In ms. Another thread handles the signal, so the debugger may open shortly after the handler is installed. */
const LOOK_AFTER_MS = [0, 50, 500];

/** Closes the debugger, unless a flag of Node.js requests it. */
export function closeUnaskedInspector(): void {
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''];
  if (flags.some((flag) => /--inspect(?!-port)/.test(flag))) return;
  for (const ms of LOOK_AFTER_MS) setTimeout(() => void close(), ms).unref();
}

async function close(): Promise<void> {
  const inspector = await import('node:inspector');
  if (inspector.url() !== undefined) inspector.close();
}
