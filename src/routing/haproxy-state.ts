/** What `show servers state` tells; management guide of HAProxy, 9.3. */

/** SRV_ADMF_FMAINT and SRV_ADMF_FDRAIN: what `set server … state maint|drain` sets and `ready` clears. */
const FORCED_OUT = 0x01 | 0x08;

/**
 * Whether each server of a backend is let in. What was not asked for by `set server` does not count: a failed health
 * check, a tracked server's state, an address that cannot be resolved; nor does `disabled` of the configuration
 * (SRV_ADMF_CMAINT), a bit that stays when `ready` has cleared the FMAINT that came with it.
 * @param text the answer, format 1: the version, the names of the columns after a `#`, then a line for each server
 * @returns by the servers' names; null for a text of another kind
 */
export function readServerStates(text: string): ReadonlyMap<string, boolean> | null {
  const [version, header = '', ...rows] = text.split('\n');
  const columns = header.replace(/^#\s*/, '').split(' ');
  const name = columns.indexOf('srv_name');
  const admin = columns.indexOf('srv_admin_state');
  if (version?.trim() !== '1' || name < 0 || admin < 0) return null;
  const states = new Map<string, boolean>();
  for (const row of rows) {
    const fields = row.split(' ');
    const server = fields[name];
    const mask = Number(fields[admin]);
    if (server === undefined || !Number.isInteger(mask)) return null;
    states.set(server, (mask & FORCED_OUT) === 0);
  }
  return states;
}
