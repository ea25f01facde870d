/**
 * Services as the scenario files write them: only what differs from the defaults.
 * `parameters 3000 3001 overlap 15s ready stop SIGTERM 30s restart never hooks beforeStart classic`
 */
import type { HookName, Parameter, ServiceConfig, SignalName } from '../../src/config/types.ts';
import { durationText } from './notation.ts';
import { classicForm, serviceSpec } from './specs.ts';

const keywords = [
  'parameters',
  'overlap',
  'ready',
  'stop',
  'restart',
  'hooks',
  'route',
  'on-rotate',
  'classic',
  'while-rotating',
  'parameter-in-use',
];

/** @throws where a word is not understood: the scenario is wrong */
export function parseSpec(text: string, base: ServiceConfig = serviceSpec()): ServiceConfig {
  let spec = base;
  for (const [keyword, values] of groupsOf(text)) spec = { ...spec, ...settingOf(keyword, values, spec) };
  return spec;
}

function groupsOf(text: string): readonly (readonly [string, readonly string[]])[] {
  const groups: [string, string[]][] = [];
  for (const word of text.split(' ').filter((one) => one !== '')) {
    const last = groups.at(-1);
    if (keywords.includes(word)) groups.push([word, []]);
    else if (last === undefined) throw new Error(`"${word}" belongs to no setting`);
    else last[1].push(word);
  }
  return groups;
}

function settingOf(keyword: string, values: readonly string[], spec: ServiceConfig): Partial<ServiceConfig> {
  const [first = '', second] = values;
  switch (keyword) {
    case 'parameters':
      return { parameters: parametersOf(values), ...(first === '-' && { onRotate: { type: 'restart' } }) };
    case 'overlap':
      return { overlapMs: parseDuration(first) };
    case 'ready':
      return { ready: { type: 'tcp', address: '127.0.0.1:%alt', intervalMs: 200, timeoutMs: 30_000 } };
    case 'stop':
      return {
        stop: {
          signal: first as SignalName,
          timeoutMs: second === undefined || second === 'never' ? null : parseDuration(second),
        },
      };
    case 'restart':
      return { restart: restartOf(values, spec) };
    case 'hooks':
      return { hooks: Object.fromEntries(values.map((name) => [name as HookName, [`./${name}`]])) };
    case 'route':
      return { route: { type: 'files', folder: first === '' ? '/run/api' : first } };
    case 'on-rotate':
      return {
        onRotate:
          first === 'restart' || first === 'none'
            ? { type: first }
            : { type: 'signal', signal: first as SignalName },
      };
    case 'classic':
      return classicForm;
    case 'while-rotating':
      return { rotation: { ...spec.rotation, whileRotating: first === 'refuse' ? 'refuse' : 'fold' } };
    case 'parameter-in-use':
      return { rotation: { ...spec.rotation, parameterInUse: first === 'refuse' ? 'refuse' : 'wait' } };
    default:
      throw new Error(`there is no setting "${keyword}"`);
  }
}

function parametersOf(values: readonly string[]): ServiceConfig['parameters'] {
  const [first, ...rest] = values.map((value): Parameter => (value === '-' ? null : value));
  if (first === undefined) throw new Error('parameters without a value');
  return [first, ...rest];
}

/** `always delay=250ms maxDelay=1s maxAttempts=3 resetAfter=1m` */
function restartOf(
  [policy, ...settings]: readonly string[],
  { restart }: ServiceConfig,
): ServiceConfig['restart'] {
  const given = new Map(settings.map((setting) => setting.split('=') as [string, string]));
  const duration = (name: string, fallback: number): number => {
    const value = given.get(name);
    return value === undefined ? fallback : parseDuration(value);
  };
  return {
    policy: policy as ServiceConfig['restart']['policy'],
    delayMs: duration('delay', restart.delayMs),
    maxDelayMs: duration('maxDelay', restart.maxDelayMs),
    maxAttempts: Number(given.get('maxAttempts') ?? restart.maxAttempts),
    resetAfterMs: duration('resetAfter', restart.resetAfterMs),
  };
}

/** Milliseconds of `15s`, `250ms`, `1m`, `0`. */
export function parseDuration(text: string): number {
  const [, amount, unit = 'ms'] = /^(\d+)(ms|s|m)?$/.exec(text) ?? [];
  if (amount === undefined) throw new Error(`"${text}" is no duration`);
  return Number(amount) * ({ ms: 1, s: 1_000, m: 60_000 }[unit] ?? 1);
}

export function specText({
  parameters,
  overlapMs,
  ready,
  stop,
  restart,
  hooks,
  route,
  onRotate,
  rotation,
}: ServiceConfig): string {
  const { policy, delayMs, maxDelayMs, maxAttempts, resetAfterMs } = restart;
  return [
    `parameters ${parameters.map((parameter) => parameter ?? '-').join(' ')}`,
    `overlap ${durationText(overlapMs)}`,
    ...(ready === null ? [] : ['ready']),
    `stop ${stop.signal} ${stop.timeoutMs === null ? 'never' : durationText(stop.timeoutMs)}`,
    `restart ${policy} delay=${durationText(delayMs)} maxDelay=${durationText(maxDelayMs)}`,
    `maxAttempts=${maxAttempts} resetAfter=${durationText(resetAfterMs)}`,
    ...(Object.keys(hooks).length === 0 ? [] : [`hooks ${Object.keys(hooks).join(' ')}`]),
    ...(route === null ? [] : [`route ${route.type === 'files' ? route.folder : route.socket}`]),
    ...(onRotate.type === 'alternate'
      ? []
      : [`on-rotate ${onRotate.type === 'signal' ? onRotate.signal : onRotate.type}`]),
    `while-rotating ${rotation.whileRotating} parameter-in-use ${rotation.parameterInUse}`,
  ].join(' ');
}
