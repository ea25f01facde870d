/** Reads one service. */
import { absolute, readProcessKeys } from './process-keys.ts';
import { warnAboutService } from './service-warnings.ts';
import { NO_CREDENTIALS, readCredentials } from './credentials.ts';
import { printable } from '../../util/printable.ts';
import type { RawService } from '../schema/generated/raw.ts';
import { checkPaths } from './paths.ts';
import { child, type Pointer } from '../read/pointer.ts';
import { readListen } from './listen.ts';
import { readReady } from './ready.ts';
import { readAddress, readRoute } from './route.ts';
import type { OnRotate, Parameter, ServiceConfig } from '../types.ts';
import { readSignal, textOf, type Context } from '../values/values.ts';

/** The default with `listen`: the instances share their sockets and need only different names. */
const SHARED_SOCKET_PARAMETERS = ['blue', 'green'];
/** The same pattern as in the schema. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** The prefix of the manager's log lines. */
const RESERVED_NAME = 'alternate';

/**
 * Reads one service, merged key by key with `defaults`. `reported`: the places that already have an error.
 */
export function readService(
  name: string,
  own: RawService,
  defaults: RawService,
  reported: ReadonlySet<Pointer>,
  context: Context,
): ServiceConfig {
  const self = child('/services', name);
  const raw: RawService = { ...defaults, ...own };
  const at = (key: string): Pointer => child(Object.hasOwn(own, key) ? self : '/defaults', key);

  if (!NAME.test(name)) {
    const hint = 'use letters, digits, ".", "_" and "-"; the first must be a letter or a digit';
    context.error(self, `${JSON.stringify(name)} cannot be the name of a service`, hint, 'key');
  }
  if (name.toLowerCase() === RESERVED_NAME) {
    const hint = 'choose another name, for instance one that describes what the service does';
    context.error(self, `its output would look like the log of the manager: "${name} | "`, hint, 'key');
  }
  const commandReported = reported.has(child(self, 'command')) || reported.has('/defaults/command');
  if (raw.command === undefined && !commandReported) {
    context.error(self, 'the command is missing', 'add a command to the service or to defaults', 'key');
  }
  const listenReported = reported.has(child(self, 'listen')) || reported.has('/defaults/listen');
  const parametersReported = reported.has(child(self, 'parameters')) || reported.has('/defaults/parameters');
  const listens = raw.listen !== undefined || listenReported;
  const parameters = readParameters(
    raw.parameters ?? (listens ? SHARED_SOCKET_PARAMETERS : []),
    at('parameters'),
    context,
  );
  const service: ServiceConfig = {
    name,
    ...readProcessKeys(raw, at, context),
    parameters,
    onRotate: readOnRotate(raw, own, listens, at, context),
    rotation: { whileRotating: 'fold', parameterInUse: 'wait' },
    baseDir: context.baseDir,
    cwd: absolute(raw.cwd ?? '.', context.baseDir),
    env: readEnv(raw.env, at('env'), context),
    envFile: raw.envFile === undefined ? null : absolute(raw.envFile, context.baseDir),
    credentials: readUser(raw, at, context),
    // Without valid parameters, addresses cannot be checked.
    ready:
      raw.ready === undefined || parametersReported
        ? null
        : readReady(raw.ready, parameters, listens, at('ready'), context),
    address: parametersReported ? null : readAddress(raw.address, parameters, at('address'), context),
    route: parametersReported ? null : readRoute(raw.route, parameters, at('route'), context),
    listen: readListen(raw.listen, name, at('listen'), context),
  };
  if (!parametersReported) {
    checkPaths(service, at, context);
    warnAboutService(service, raw, at, context);
  }
  return service;
}

function readParameters(
  raw: readonly (string | number)[],
  pointer: Pointer,
  context: Context,
): readonly [Parameter, ...Parameter[]] {
  const texts = raw.map((value, index) => textOf(value, child(pointer, index), context));
  texts.forEach((text, index) => {
    if (printable(text) !== text) {
      const hint = 'remove it: parameters appear in log lines and tables';
      context.error(
        child(pointer, index),
        `the parameter "${printable(text)}" contains a control character`,
        hint,
      );
    }
    if (texts.indexOf(text) === index) return;
    const hint = 'each parameter must be a different text, because it names its instance';
    context.error(child(pointer, index), `the parameter ${text} is given twice`, hint);
  });
  const [first = null, ...others] = texts;
  return [first, ...others];
}

function readOnRotate(
  raw: RawService,
  own: RawService,
  listens: boolean,
  at: (key: string) => Pointer,
  context: Context,
): OnRotate {
  const { onRotate } = raw;
  if (raw.parameters !== undefined || listens) {
    const key = raw.parameters === undefined ? 'listen' : 'parameters';
    // `onRotate` in `defaults` is for the services without parameters, unless `defaults` has parameters or `listen`
    // too.
    const misplaced = Object.hasOwn(own, 'onRotate') || !Object.hasOwn(own, key);
    if (onRotate !== undefined && misplaced) {
      const hint = `remove one of the two: with ${key}, a rotation alternates`;
      context.error(at('onRotate'), `onRotate cannot be used with ${key}`, hint, 'key');
    }
    return { type: 'alternate' };
  }
  if (onRotate === undefined) return { type: 'restart', byNameOnly: true };
  const word = onRotate.toLowerCase();
  if (word === 'restart' || word === 'none') return { type: word };
  const signal = readSignal(onRotate, 'SIGHUP', ['SIGKILL', 'SIGSTOP'], at('onRotate'), context);
  return { type: 'signal', signal };
}

function readEnv(
  raw: RawService['env'],
  pointer: Pointer,
  context: Context,
): Readonly<Record<string, string>> {
  const entries = Object.entries(raw ?? {}).map(([name, value]): [string, string] => {
    const place = child(pointer, name);
    if (name === '' || /[=\0]/.test(name)) {
      context.error(place, `${JSON.stringify(name)} cannot be the name of a variable`, null, 'key');
    }
    return [name, textOf(value, place, context)];
  });
  return Object.fromEntries(entries);
}

function readUser(
  raw: RawService,
  at: (key: string) => Pointer,
  context: Context,
): ServiceConfig['credentials'] {
  const { user, group } = raw;
  if (user === undefined && group === undefined) return NO_CREDENTIALS;
  const text = (key: 'user' | 'group') => {
    const value = raw[key];
    return value === undefined ? undefined : textOf(value, at(key), context);
  };
  return readCredentials(text('user'), text('group'), at, context);
}
