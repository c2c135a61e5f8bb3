import { reasonText } from './ccxt-gateway-words.ts';

/** Certainly nothing reached the exchange, or it did not look at it. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
  readonly retryAfterMs: number;
  /** Because too much was asked, here or there. */
  readonly isLimited: boolean;

  constructor(reason: string, retryAfterMs: number, isLimited = false) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
    this.isLimited = isLimited;
  }
}

/** The request may have reached the exchange; what became of it is not known. */
export class AnswerLost extends Error {
  override readonly name = 'AnswerLost';
}

/** The exchange's own word that it did not do what was asked. */
export class VenueRefused extends Error {
  override readonly name = 'VenueRefused';
  /** The exchange's code; `HTTP 404` where there is only that. */
  readonly code: string;
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, status: number, retryAfterMs: number | undefined) {
    super(reasonText(`${code} ${message}`.trimEnd()));
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What an exchange's codes say of its state, and of ours. */
export interface RefusalCodes {
  /** `code` and words of an answer that is none; `undefined` for one that is fine. */
  refusalIn(answer: unknown): { readonly code: string; readonly message: string } | undefined;
  /** Whether a refusal says that too much was asked: of one path, or of everything. */
  limitOf(refused: VenueRefused): 'path' | 'all' | undefined;
  isKeyDenied(code: string): boolean;
  isClockRefused(code: string): boolean;
}
