/** A socket that speaks HAProxy's runtime API as far as a test needs it, or does not. */
import { createServer, type Server, type Socket } from 'node:net';
import { rmSync } from 'node:fs';
import { onTestFinished } from 'vitest';

/** What is written in answer to a command; null: nothing, and the connection stays open. */
export type Behaviour = (command: string, socket: Socket) => string | null;

export class FakeHaproxy {
  /** What was asked for, in order. */
  readonly commands: string[] = [];
  /** The servers of the backend `api`, by `srv_admin_state`. */
  readonly servers = new Map([
    ['api-a', 0],
    ['api-b', 0],
  ]);
  pid = 4711;
  behave: Behaviour = (command) => this.answer(command);
  readonly #path: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(path: string) {
    this.#path = path;
    onTestFinished(() => this.stop());
  }

  async start(): Promise<this> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
      socket.once('data', (data) => {
        const command = data.toString().trim();
        this.commands.push(command);
        const text = this.behave(command, socket);
        if (text !== null) socket.end(text);
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.listen(this.#path, resolve);
    });
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise((resolve) => server.close(resolve));
    rmSync(this.#path, { force: true });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** As one that was restarted: every server is let in. */
  forget(): void {
    for (const name of this.servers.keys()) this.servers.set(name, 0);
  }

  /** The names of the servers that are let in. */
  get letIn(): string[] {
    return [...this.servers].filter(([, admin]) => admin === 0).map(([name]) => name);
  }

  answer(command: string): string {
    const set = /^set server api\/(\S+) state (ready|drain|maint)$/.exec(command);
    if (set !== null) {
      const [, name = '', state = ''] = set;
      if (!this.servers.has(name)) return 'No such server.\n\n';
      this.servers.set(name, { ready: 0, drain: 8, maint: 1 }[state] ?? 0);
      return '\n';
    }
    if (command === 'show info') return `Name: HAProxy\nPid: ${this.pid}\nnode: here\n\n`;
    const rows = [...this.servers].map(
      ([name, admin], index) => `3 api ${index + 1} ${name} 127.0.0.1 2 ${admin} 1`,
    );
    return `1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight\n${rows.join('\n')}\n\n`;
  }
}
