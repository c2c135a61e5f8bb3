import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { tokenOfSubprotocols } from '../protocol/messages.ts';
import type { Refusal } from './refusal.ts';
import { isLoopback } from './server-options.ts';

export interface AccessRules {
  /** Where the server listens. */
  readonly host: string;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly token: string | undefined;
}

const LONGEST_ADDRESS = 2_048;
const MOST_HEADERS = 100;

/**
 * Who may ask at all, decided from the head of a request alone, before anything else is done with it: for HTTP and for
 * WebSockets, for known addresses and unknown ones.
 */
export class AccessGuard {
  readonly #rules: AccessRules;
  readonly #tokenHash: Buffer | undefined;
  readonly #hosts: ReadonlySet<string>;

  constructor(rules: AccessRules) {
    this.#rules = rules;
    this.#tokenHash = rules.token === undefined ? undefined : hashOf(rules.token);
    // A proxy in front passes on the name that its visitors use.
    const proxied = [...rules.allowedOrigins].map((origin) => new URL(origin).hostname);
    this.#hosts = new Set(['localhost', rules.host.toLowerCase(), ...proxied]);
  }

  /** Why the request is not let in; `undefined` when it is. */
  refusalOf(request: IncomingMessage): Refusal | undefined {
    return (
      sizeRefusal(request) ??
      this.#hostRefusal(request) ??
      this.#originRefusal(request.headers) ??
      (isPreflight(request) ? undefined : this.#tokenRefusal(request.headers))
    );
  }

  /**
   * Lets the page of an allowed origin read the answer. Not for the server's own pages, which need no leave. Call it on
   * a request that was let in.
   */
  crossOriginHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
    const { origin } = headers;
    if (origin === undefined || !this.#rules.allowedOrigins.has(origin)) return { vary: 'origin' };
    return { vary: 'origin', 'access-control-allow-origin': origin };
  }

  /**
   * Against DNS rebinding: a page of another site that makes its own name point here still says that name in Host. The
   * port is not looked at, so that tunnels and containers may map it; a rebound page can't choose the name.
   */
  #hostRefusal({ headers, rawHeaders }: IncomingMessage): Refusal | undefined {
    const count = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
    const name = count === 1 ? hostName(headers.host ?? '') : undefined;
    if (name === undefined) return { status: 400, code: 'BAD_REQUEST', message: 'One Host header is needed.' };
    if (this.#hosts.has(name)) return undefined;
    // An address is not a name that anybody could make point elsewhere.
    const isAddress = isIP(name) !== 0 && (!isLoopback(this.#rules.host) || isLoopback(name));
    return isAddress ? undefined : { status: 403, code: 'HOST_REFUSED', message: 'This host name is not served here.' };
  }

  /**
   * Against pages of other sites (and of other programs on this machine: another port is another origin). Programs that
   * are no browsers send neither header. A link that a person follows here is let in: the page it is on sees nothing.
   */
  #originRefusal(headers: IncomingHttpHeaders): Refusal | undefined {
    const { origin } = headers;
    const refused: Refusal = {
      status: 403,
      code: 'ORIGIN_REFUSED',
      message: 'Pages of this origin may not read here.',
    };
    if (origin !== undefined) {
      const own = origin === `http://${headers.host?.toLowerCase()}`;
      return own || this.#rules.allowedOrigins.has(origin) ? undefined : refused;
    }
    const site = headers['sec-fetch-site'];
    if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
    const followed = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
    return followed ? undefined : refused;
  }

  #tokenRefusal(headers: IncomingHttpHeaders): Refusal | undefined {
    if (this.#tokenHash === undefined) return undefined;
    const given = tokenOf(headers);
    // Digests have one length, so the comparison takes the same time whatever was given.
    if (given !== undefined && timingSafeEqual(hashOf(given), this.#tokenHash)) return undefined;
    const message = 'A valid token is needed: Authorization: Bearer TOKEN.';
    return { status: 401, code: 'UNAUTHORISED', message, headers: { 'www-authenticate': 'Bearer' } };
  }
}

/** A browser's question whether a page of another origin may ask; it carries no token and gets no data. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && 'access-control-request-method' in headers;
}

function sizeRefusal({ url = '', rawHeaders }: IncomingMessage): Refusal | undefined {
  if (url.length > LONGEST_ADDRESS) {
    return { status: 414, code: 'ADDRESS_TOO_LONG', message: `An address has at most ${LONGEST_ADDRESS} characters.` };
  }
  if (rawHeaders.length > 2 * MOST_HEADERS) {
    return { status: 431, code: 'HEADERS_TOO_LARGE', message: `A request has at most ${MOST_HEADERS} headers.` };
  }
  return undefined;
}

/** The name of a Host header, in lower case, without port and brackets; `undefined` where it is not one. */
function hostName(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/.exec(header.toLowerCase());
  return match?.[1] ?? match?.[2];
}

/** In a header, never in the address: addresses end up in logs and histories. */
function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer ([^\s]+)$/i.exec(headers.authorization ?? '');
  if (bearer) return bearer[1];
  const isUpgrade = headers.upgrade?.toLowerCase() === 'websocket';
  return isUpgrade ? tokenOfSubprotocols(headers['sec-websocket-protocol'] ?? '') : undefined;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
