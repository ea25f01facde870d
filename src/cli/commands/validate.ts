import { loadRequested } from '../configuration.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../main.ts';
import { tell } from '../../report/console.ts';

/** `alternate validate`: every mistake of the configuration, or one line that it is well. */
export async function validate(options: GlobalOptions): Promise<ExitCode> {
  const loaded = await loadRequested(options);
  if (loaded === null) return EXIT.usage;
  const { services, path } = loaded.config;
  tell(`${path ?? ''}: ${services.length} ${services.length === 1 ? 'service' : 'services'}, no mistakes`);
  return EXIT.done;
}
