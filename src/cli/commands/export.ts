/** `alternate export`. */
import path from 'node:path';
import type { Config } from '../../config/types.ts';
import { print, printMessage } from '../../report/console.ts';
import { loadRequested } from '../configuration.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { exportApache } from '../../export/apache.ts';
import { exportCaddy } from '../../export/caddy.ts';
import type { Exported, Origin } from '../../export/exported.ts';
import { exportHaproxy } from '../../export/haproxy.ts';
import { exportNginx, type NginxPart } from '../../export/nginx.ts';
import { routedServices } from '../../export/routed.ts';
import { exportSupervisord } from '../../export/supervisord.ts';
import { exportSystemd } from '../../export/systemd.ts';
import type { GlobalOptions } from '../options.ts';

/** The programs that alternate can print a configuration for. */
export type ExportKind = 'nginx' | 'apache' | 'caddy' | 'haproxy' | 'systemd' | 'supervisord';

export interface ExportOptions {
  /** Only for nginx. */
  readonly part?: NginxPart;
}

/** `alternate export KIND [SERVICE]`: prints a configuration, or why there is none. */
export async function exportPiece(
  options: GlobalOptions,
  kind: ExportKind,
  service: string | null,
  own: ExportOptions,
): Promise<ExitCode> {
  const wrong = usageError(kind, service, own);
  if (wrong !== null) {
    printMessage(`alternate: ${wrong}`);
    return EXIT.usage;
  }
  const loaded = await loadRequested(options);
  if (loaded === null) return EXIT.usage;
  const { config, file } = loaded;
  const origin: Origin = {
    command: ['alternate export', kind, ...(service === null ? [] : [service]), ...partOf(own)].join(' '),
    // Not the real path: a link such as `current -> releases/42` is to be followed again at each start.
    config: path.resolve(file),
  };
  const exported = pieceOf(config, kind, service, own.part ?? 'all', origin);
  if (exported.ok) {
    print(exported.text);
    return EXIT.done;
  }
  printMessage(`alternate: ${exported.message}`);
  return EXIT.failed;
}

function usageError(kind: ExportKind, service: string | null, { part }: ExportOptions): string | null {
  if (part !== undefined && kind !== 'nginx') return '--part can be used only with nginx';
  if (service !== null && (kind === 'systemd' || kind === 'supervisord'))
    return `${kind} runs the manager with all its services, so ${service} cannot be selected. Remove it`;
  return null;
}

function partOf({ part }: ExportOptions): string[] {
  return part === undefined ? [] : ['--part', part];
}

function pieceOf(
  config: Config,
  kind: ExportKind,
  service: string | null,
  part: NginxPart,
  origin: Origin,
): Exported {
  switch (kind) {
    case 'nginx':
    case 'apache':
    case 'caddy': {
      const routed = routedServices(config, 'files', service);
      if (!routed.ok) return routed;
      if (kind === 'nginx') return exportNginx(routed.services, part, origin);
      const write = kind === 'apache' ? exportApache : exportCaddy;
      return write(routed.services, origin);
    }
    case 'haproxy': {
      const routed = routedServices(config, 'haproxy', service);
      return routed.ok ? exportHaproxy(routed.services, origin) : routed;
    }
    case 'systemd':
      return exportSystemd(config, thisProgram(), origin);
    case 'supervisord':
      return exportSupervisord(config, thisProgram(), origin);
  }
}

/** The path of this program as it was called, because that path works. */
function thisProgram(): { alternate: string; nodeFolder: string } {
  return { alternate: process.argv[1] ?? 'alternate', nodeFolder: path.dirname(process.execPath) };
}
