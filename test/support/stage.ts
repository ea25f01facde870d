import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { until } from './until.ts';

type Message = Record<string, unknown>;

/** One process that connected back. */
export class Puppet {
  readonly name: string;
  readonly pid: number;
  readonly argv: readonly string[];
  /** Signals in the order in which they came. */
  readonly signals: string[] = [];
  gone = false;
  readonly #socket: Socket;
  readonly #answers = new Map<number, (answer: Message) => void>();
  #lastId = 0;

  constructor(socket: Socket, hello: Message) {
    this.#socket = socket;
    this.name = hello['hello'] as string;
    this.pid = hello['pid'] as number;
    this.argv = hello['argv'] as string[];
  }

  /** Tells it to do something and waits until it has; see puppet.mjs for what it can do. */
  async do(command: string, details: Message = {}): Promise<Message> {
    const id = ++this.#lastId;
    const answer = new Promise<Message>((resolve) => this.#answers.set(id, resolve));
    this.#socket.write(`${JSON.stringify({ id, command, ...details })}\n`);
    return await until(`${this.name} does ${command}`, answer);
  }

  /** Tells it to do something that ends it. */
  tell(command: string, details: Message = {}): void {
    this.#socket.write(`${JSON.stringify({ id: 0, command, ...details })}\n`);
  }

  receive(message: Message): void {
    if (typeof message['signal'] === 'string') this.signals.push(message['signal']);
    const answer = this.#answers.get(message['done'] as number);
    if (answer !== undefined) answer(message);
  }
}

/** Where the puppets of one test connect to. */
export class Stage {
  readonly socket: string;
  readonly puppets: Puppet[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, socket: string) {
    this.#server = server;
    this.socket = socket;
  }

  /** @param folder a short path: a socket's has at most 107 bytes */
  static async open(folder: string): Promise<Stage> {
    const socket = path.join(folder, 'stage.sock');
    const server = createServer();
    const stage = new Stage(server, socket);
    server.on('connection', (connection) => {
      stage.#follow(connection);
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    return stage;
  }

  /** The words of a YAML `command:` that starts a puppet with these words. */
  static command(words = '%alt'): string {
    return `${process.execPath} ${path.resolve(import.meta.dirname, 'puppet.mjs')} ${words}`;
  }

  /** The `count`th puppet of this name (the first word of its command line), as soon as it has said hello. */
  async puppet(name: string, count = 1): Promise<Puppet> {
    return await until(
      `puppet ${name} number ${count}`,
      () => this.puppets.filter((p) => p.name === name)[count - 1],
    );
  }

  /** Ends every puppet that still lives. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #follow(connection: Socket): void {
    this.#sockets.add(connection);
    let puppet: Puppet | undefined;
    let rest = '';
    connection.setEncoding('utf8');
    connection.on('error', () => undefined);
    connection.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const message = JSON.parse(line) as Message;
        if (puppet === undefined) {
          puppet = new Puppet(connection, message);
          this.puppets.push(puppet);
        } else {
          puppet.receive(message);
        }
      }
    });
    connection.on('close', () => {
      this.#sockets.delete(connection);
      if (puppet !== undefined) puppet.gone = true;
    });
  }
}
