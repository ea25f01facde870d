import { DEFAULT_RESTART } from './services/process-keys.ts';
import { NO_CREDENTIALS } from './services/credentials.ts';
import { placeless, type Diagnostic } from './diagnostic.ts';
import type { LoadResult } from './load.ts';
import { parseDuration } from '../util/duration.ts';
import type { Parameter } from './types.ts';
import { describeDurationFault } from './values/values.ts';
import { splitWords } from './values/words.ts';

/**
 * The configuration of `alternate "<command>" <parameters...> <overlap>`: one service with the policies of the original
 * tool, without a file and without a control socket. One parameter is enough.
 */
export function classicConfig(
  command: string,
  parameters: readonly string[],
  overlap: string,
  cwd: string,
): LoadResult {
  const diagnostics: Diagnostic[] = [];
  const addError = (message: string, hint: string | null = null) =>
    diagnostics.push(placeless(null, message, hint));

  const split = splitWords(command);
  const words = split.ok ? split.value.words : [];
  if (!split.ok) addError(`the command ${JSON.stringify(command)} ends inside a quote`, 'close it');
  else if ((words[0] ?? '').trim() === '') addError('the command is empty', 'give a program');

  const [first, ...others] = parameters;
  if (first === undefined)
    addError('a parameter is missing', 'write alternate "<command>" <parameters...> <overlap>');

  const duration = parseDuration(overlap);
  if (!duration.ok) {
    const { message, hint } = describeDurationFault(overlap, duration.reason);
    addError(`overlap: ${message}`, hint);
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };

  const service = {
    name: 'classic',
    command: words,
    parameters: [first ?? null, ...others] as const satisfies readonly Parameter[],
    overlapMs: duration.ok ? duration.value : 0,
    onRotate: { type: 'alternate' },
    rotation: { whileRotating: 'refuse', parameterInUse: 'refuse' },
    watch: [],
    baseDir: cwd,
    cwd,
    env: {},
    envFile: null,
    credentials: NO_CREDENTIALS,
    ready: null,
    address: null,
    route: null,
    listen: [],
    stop: { signal: 'SIGTERM', timeoutMs: null },
    restart: { ...DEFAULT_RESTART, policy: 'never' },
    output: { type: 'inherit' },
    hooks: {},
  } as const;
  const config = { path: null, control: null, services: [service] };
  return { ok: true, config, warnings: [], locate: () => [] };
}
