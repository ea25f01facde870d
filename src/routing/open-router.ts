import { ownAddress } from '../config/instance.ts';
import type { Route, ServiceConfig } from '../config/types.ts';
import { FilesRouter } from './files-router.ts';
import { HaproxyRouter } from './haproxy-router.ts';
import type { Router, Targets } from './router.ts';

/** The router of a service's `route`. `used`: parameters that had requests before. A reload may have removed them. */
export function openRouter(route: Route, service: ServiceConfig, used: Iterable<string>): Router {
  const parameters = service.parameters.filter((parameter) => parameter !== null);
  const former = [...used].filter((parameter) => !parameters.includes(parameter));
  const targets: Targets = { parameters, former };
  switch (route.type) {
    case 'files':
      return new FilesRouter(
        route.folder,
        service.name,
        targets,
        (parameter) => ownAddress(service, parameter),
        service.credentials.uid,
      );
    case 'haproxy':
      return new HaproxyRouter(route, targets);
  }
}
