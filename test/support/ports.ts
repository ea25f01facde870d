/** Ports that no other test of this machine is given, and no outgoing connection takes. */
import { createSocket, type Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const LOWEST = 10_240;
/** Below the ports that the kernel gives to outgoing connections and to whoever listens on port 0 (ip(7)). */
const HIGHEST = firstEphemeral() - 1;
/** The UDP ports of the same numbers: bound here for as long as this process lives, they keep the TCP ports for it. */
const reservations = new Set<Socket>();

/** TCP ports of 127.0.0.1 that are free and stay so until the test uses them. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  let candidate = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > HIGHEST - LOWEST) throw new Error('there is no free port left');
    candidate = candidate < HIGHEST ? candidate + 1 : LOWEST;
    if ((await reserve(candidate)) && (await isFree(candidate))) ports.push(candidate);
  }
  return ports;
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

function reserve(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      reservations.add(socket.unref());
      resolve(true);
    });
  });
}

/** On every address, IPv6 included, since tests listen on those as well. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

function firstEphemeral(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').split(/\s+/)[0]);
  } catch {
    // macOS begins at 49152.
    return 32_768;
  }
}
