/** Reads the keys that describe the process: command, overlap, watch, stop, restart, output, hooks. */
import { resolve } from 'node:path';
import type { RawHooks, RawService } from '../schema/generated/raw.ts';
import { child, type Pointer } from '../read/pointer.ts';
import { hasPlaceholder } from '../values/template.ts';
import type { HookName, Output, Restart, ServiceConfig, Stop } from '../types.ts';
import { readCommand, readDuration, readSignal, readSize, type Context } from '../values/values.ts';

export const DEFAULT_OVERLAP_MS = 10_000;

export const DEFAULT_RESTART: Restart = {
  policy: 'always',
  delayMs: 250,
  maxDelayMs: 30_000,
  maxAttempts: 10,
  resetAfterMs: 60_000,
};

const DEFAULT_STOP: Stop = { signal: 'SIGTERM', timeoutMs: 30_000 };
const DEFAULT_MAX_FILES = 5;

/** The part of a service that does not depend on its parameters. */
export type ProcessKeys = Pick<
  ServiceConfig,
  'command' | 'overlapMs' | 'watch' | 'stop' | 'restart' | 'output' | 'hooks'
>;

/** `at` returns the place of a key: in the service itself, or in `defaults`. */
export function readProcessKeys(
  raw: RawService,
  at: (key: string) => Pointer,
  context: Context,
): ProcessKeys {
  return {
    command: raw.command === undefined ? [] : readCommand(raw.command, at('command'), context),
    overlapMs: readDuration(raw.overlap, DEFAULT_OVERLAP_MS, at('overlap'), context),
    watch: readWatch(raw.watch, at('watch'), context),
    stop: readStop(raw.stop, at('stop'), context),
    restart: readRestart(raw.restart, at('restart'), context),
    output: readOutput(raw.output, at('output'), context),
    hooks: readHooks(raw.hooks, at('hooks'), context),
  };
}

/**
 * An absolute path that may contain `%alt`. A path that begins with `%alt` stays as it is: the parameter may be an
 * absolute path itself.
 */
export function absolute(path: string, baseDir: string): string {
  return path.startsWith('%alt') ? path : resolve(baseDir, path);
}

function readWatch(raw: RawService['watch'], pointer: Pointer, context: Context): ServiceConfig['watch'] {
  if (raw === undefined || raw === false) return [];
  if (raw === true) return [{ program: true }];
  const paths = typeof raw === 'string' ? [raw] : raw;
  return paths.map((path, index) => {
    const place = typeof raw === 'string' ? pointer : child(pointer, index);
    if (hasPlaceholder(path))
      context.error(place, '%alt is not replaced here', 'give a file that all instances share');
    return resolve(context.baseDir, path);
  });
}

function readStop(raw: RawService['stop'], pointer: Pointer, context: Context): Stop {
  const timeout = raw?.timeout;
  return {
    signal: readSignal(
      raw?.signal,
      DEFAULT_STOP.signal,
      ['SIGSTOP', 'SIGCONT'],
      child(pointer, 'signal'),
      context,
    ),
    timeoutMs:
      timeout === 'never'
        ? null
        : readDuration(timeout, DEFAULT_STOP.timeoutMs ?? 0, child(pointer, 'timeout'), context),
  };
}

function readRestart(raw: RawService['restart'], pointer: Pointer, context: Context): Restart {
  if (raw === undefined) return DEFAULT_RESTART;
  if (typeof raw === 'string') return { ...DEFAULT_RESTART, policy: raw };
  const delayMs = readDuration(raw.delay, DEFAULT_RESTART.delayMs, child(pointer, 'delay'), context);
  const longestMs = Math.max(delayMs, DEFAULT_RESTART.maxDelayMs);
  const maxDelayMs = readDuration(raw.maxDelay, longestMs, child(pointer, 'maxDelay'), context);
  if (maxDelayMs < delayMs) context.error(child(pointer, 'maxDelay'), 'is shorter than delay');
  const resetAfterMs = readDuration(
    raw.resetAfter,
    DEFAULT_RESTART.resetAfterMs,
    child(pointer, 'resetAfter'),
    context,
  );
  if (resetAfterMs === 0)
    context.error(
      child(pointer, 'resetAfter'),
      'must be above 0, otherwise every crash would count as the first one',
    );
  return {
    policy: raw.policy ?? DEFAULT_RESTART.policy,
    delayMs,
    maxDelayMs,
    maxAttempts: raw.maxAttempts ?? DEFAULT_RESTART.maxAttempts,
    resetAfterMs,
  };
}

function readOutput(raw: RawService['output'], pointer: Pointer, context: Context): Output {
  if (raw === undefined) return { type: 'prefix' };
  if (typeof raw === 'string') return { type: raw };
  return {
    type: 'file',
    file: absolute(raw.file, context.baseDir),
    maxSizeBytes: readSize(raw.maxSize, child(pointer, 'maxSize'), context),
    maxFiles: raw.maxFiles ?? DEFAULT_MAX_FILES,
  };
}

function readHooks(raw: RawHooks | undefined, pointer: Pointer, context: Context): ServiceConfig['hooks'] {
  const given = Object.entries(raw ?? {}) as [HookName, NonNullable<RawHooks[HookName]>][];
  return Object.fromEntries(
    given.map(([name, command]) => [name, readCommand(command, child(pointer, name), context)]),
  );
}
