import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { RedisAddress } from './redis-address.ts';

export interface SocketListener {
  connected(): void;
  /** The memory of `chunk` is used again after the call. */
  bytes(chunk: Buffer): void;
  /** Once, and nothing after it. */
  closed(error: Error | undefined): void;
}

/** A stream of bytes to a server. */
export interface RespSocket {
  write(text: string): void;
  /** Closes it after what was written. */
  end(): void;
  /** At once. */
  destroy(): void;
}

const READ_BUFFER_BYTES = 64 * 1024;
/** How long a server may take to close a connection that we have closed. */
const END_WITHIN_MS = 200;

/** Opens a TCP, TLS or Unix socket. It connects by itself; a failure is told as `closed`. */
export function openRespSocket({ place }: RedisAddress, listener: SocketListener): RespSocket {
  let socket: Socket;
  if (place.kind === 'tcp' && place.secure) {
    const { host, port } = place;
    const secure = connectSecure({ host, port, ...(isIP(host) === 0 && { servername: host }) });
    secure.setNoDelay(true);
    secure.once('secureConnect', () => listener.connected());
    secure.on('data', (chunk: Buffer) => listener.bytes(chunk));
    socket = secure;
  } else {
    // Its own memory to read into: otherwise each read would allocate 64 KiB.
    const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
    const callback = (length: number): boolean => {
      listener.bytes(buffer.subarray(0, length));
      return true;
    };
    const where = place.kind === 'unix' ? { path: place.path } : { host: place.host, port: place.port, noDelay: true };
    socket = connectPlain({ ...where, keepAlive: true, onread: { buffer, callback } });
    socket.once('connect', () => listener.connected());
  }
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  socket.once('close', () => listener.closed(failure));
  return {
    write: (text) => void socket.write(text),
    end() {
      socket.end();
      socket.setTimeout(END_WITHIN_MS, () => socket.destroy());
    },
    destroy: () => void socket.destroy(),
  };
}
