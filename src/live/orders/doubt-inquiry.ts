import type { Doubt } from '../../execution/external/external-venue.ts';
import type { OrderGateway, OrderReport, ReportedFill } from '../../execution/order-gateway.ts';
import { type Clock, sleep } from '../../foundation/clock.ts';
import type { Json } from '../../foundation/json.ts';
import type { Logger } from '../../foundation/logger.ts';

export interface InquiryParts {
  readonly gateway: OrderGateway;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: (type: string, details: Json) => void;
  /** Whether the doubt still stands. */
  readonly isOpen: () => boolean;
  readonly onFound: (fills: readonly ReportedFill[], report: OrderReport) => void;
  /** The order is not there, and can't arrive any more. */
  readonly onAbsent: () => void;
}

const FIRST_LOOK_AFTER_MS = 150;
const LONGEST_PAUSE_MS = 10_000;
/** Beyond what the venue's rules say. */
const FENCE_MARGIN_MS = 500;
/** How wrong a clock may be that was not measured yet. */
const UNMEASURED_CLOCK_MS = 1_000;
const TELL_AFTER_MS = 60_000;

/**
 * Asks the venue about one order until the doubt is gone (R3–R5). That it is not found counts only when the question was
 * asked after the fence: then whatever was sent before this inquiry began is beyond the venue's receive window, and its
 * look-ups have caught up. Of an order that the venue has spoken of it never counts.
 */
export class DoubtInquiry {
  readonly #doubt: Doubt;
  readonly #parts: InquiryParts;

  constructor(doubt: Doubt, parts: InquiryParts) {
    this.#doubt = doubt;
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { clock, gateway, isOpen } = this.#parts;
    const began = clock.monotonic();
    const fence = began + this.#fenceMs();
    let wasTold = false;
    for (let pause = FIRST_LOOK_AFTER_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      // Once the fence is behind, the next look decides: it is not put off beyond it.
      const untilFence = fence - clock.monotonic();
      await sleep(clock, untilFence > 0 ? Math.min(pause, untilFence + 1) : pause);
      if (!isOpen()) return;
      const askedAt = clock.monotonic();
      const answer = await gateway.find(this.#doubt);
      if (!isOpen()) return;
      if (answer.kind === 'found') {
        this.#parts.onFound(answer.fills, answer.report);
        await sleep(clock, FIRST_LOOK_AFTER_MS);
        if (!isOpen()) return;
      } else if (answer.kind === 'absent' && !this.#doubt.isAcknowledged && askedAt > fence) {
        this.#parts.onAbsent();
        return;
      } else if (answer.kind === 'unavailable') pause = Math.max(pause, answer.failure.retryAfterMs);
      if (!wasTold && clock.monotonic() - began > TELL_AFTER_MS) {
        wasTold = true;
        this.#tellUnresolved();
      }
    }
  }

  /** After this nothing that was sent before now can take effect unseen. */
  #fenceMs(): number {
    const { rules, clockOffset } = this.#parts.gateway;
    const clockError = clockOffset?.uncertaintyMs ?? UNMEASURED_CLOCK_MS;
    return rules.receiveWindowMs + clockError + rules.lookUpLagMs + FENCE_MARGIN_MS;
  }

  #tellUnresolved(): void {
    const { clientOrderId, symbol, why } = this.#doubt;
    this.#parts.logger.error('an order is still in doubt', { clientOrderId, symbol, why });
    this.#parts.tell('order.unresolved', { clientOrderId, symbol, why });
  }
}
