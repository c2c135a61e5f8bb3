/** What a {@link TcpProxy} does to the connections that pass through it. Times in milliseconds. */
export type LinkMode =
  | { readonly kind: 'pass' }
  /** Everything arrives later, in order; each piece by up to `jitterMs` more. */
  | { readonly kind: 'delay'; readonly ms: number; readonly jitterMs?: number }
  /** Nothing arrives until the link heals; then all of it does, late. */
  | { readonly kind: 'stall' }
  /** Nothing arrives, not even an end, and never will on the connections of that time: half-open. */
  | { readonly kind: 'black-hole' }
  /** New connections are refused; those that are open go on. */
  | { readonly kind: 'refuse' }
  /** After so many more bytes towards the client a connection ends. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** So many bytes a second, each way. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** A byte of a piece on the way to the client is changed with this probability. */
  | { readonly kind: 'corrupt'; readonly probability: number };

export const PASS: LinkMode = { kind: 'pass' };
