/** Puts a parameter into the configuration of a service. */
import { resolve } from 'node:path';
import { parseAddress } from './values/address.ts';
import { addressOfUrl, describeSocketAddress } from './values/socket-address.ts';
import { substitute, substituteInPattern } from './values/template.ts';
import type { Credentials, HookName, Output, Parameter, Ready, ServiceConfig, Stop } from './types.ts';

/** The words of a command, with the parameter put in. The first word names the program. */
export type Command = readonly string[];

/** {@link Ready} with the parameter put in. */
export type InstanceReady = Ready;

/** What is needed to start, probe and stop one instance: a service with one parameter put in. */
export interface InstanceSpec {
  readonly service: string;
  readonly parameter: Parameter;
  readonly command: Command;
  /** Absolute. The folder of a relative path of a program. */
  readonly baseDir: string;
  /** Absolute. */
  readonly cwd: string;
  /** The variables of `env`, without those of `envFile` and of the manager. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. Read again at each launch. */
  readonly envFile: string | null;
  readonly credentials: Credentials;
  readonly ready: InstanceReady | null;
  readonly stop: Stop;
  /** A file's path is absolute. */
  readonly output: Output;
  readonly hooks: Readonly<Partial<Record<HookName, Command>>>;
}

/** Puts a parameter into every template of a service. Each word stays one word, even if the parameter has blanks. */
export function instantiate(service: ServiceConfig, parameter: Parameter): InstanceSpec {
  const text = (template: string): string => substitute(template, parameter);
  const words = (template: readonly string[]): Command => template.map(text);
  // Resolved here too: a path that begins with `%alt` may still be relative.
  const path = (template: string): string => resolve(service.baseDir, text(template));
  const { ready, output } = service;
  return {
    service: service.name,
    parameter,
    command: words(service.command),
    baseDir: service.baseDir,
    cwd: path(service.cwd),
    env: mapValues(service.env, text),
    envFile: service.envFile === null ? null : path(service.envFile),
    credentials: service.credentials,
    ready: ready === null ? null : instantiateReady(ready, parameter),
    stop: service.stop,
    output: output.type === 'file' ? { ...output, file: path(output.file) } : output,
    hooks: mapValues(service.hooks, words),
  };
}

function instantiateReady(ready: Ready, parameter: Parameter): InstanceReady {
  switch (ready.type) {
    case 'http':
      return { ...ready, url: substitute(ready.url, parameter) };
    case 'tcp':
      return { ...ready, address: substitute(ready.address, parameter) };
    case 'exec':
      return { ...ready, command: ready.command.map((word) => substitute(word, parameter)) };
    case 'output':
      return { ...ready, pattern: substituteInPattern(ready.pattern, parameter) };
    case 'notify':
      return ready;
  }
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/**
 * The address on which only the instance of this parameter listens: `address`, otherwise the one of its readiness
 * check, as `host:port`. Null if neither is given. A configuration whose instances share such an address is refused.
 */
export function ownAddress(service: ServiceConfig, parameter: Parameter): string | null {
  return ownAddresses(service, parameter)[0] ?? null;
}

/** The addresses on which only this instance listens: `address`, and the one of its readiness check. */
export function ownAddresses(service: ServiceConfig, parameter: Parameter): readonly string[] {
  const addresses = [
    ...(service.address === null ? [] : [substitute(service.address, parameter)]),
    ...probedAddress(service.ready, parameter),
  ];
  return [...new Set(addresses)].filter((address) => parseAddress(address).ok);
}

function probedAddress(ready: Ready | null, parameter: Parameter): readonly string[] {
  if (ready?.type === 'tcp') return [substitute(ready.address, parameter)];
  const address = ready?.type === 'http' ? addressOfUrl(substitute(ready.url, parameter)) : null;
  return address === null ? [] : [describeSocketAddress(address)];
}
