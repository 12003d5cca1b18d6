/**
 * Bytes of responses on their way. Responses wait while too many are on their way to clients that read, so that a
 * thousand clients that connect at once do not have a thousand large responses in memory. What a client does not
 * take for a while no longer counts against the others; but a client that takes too long is given up, and so are the
 * slowest when all that is not taken becomes too much.
 */
import type { ServerLimits } from './limits.js';

export interface FlowLimits extends Pick<
  ServerLimits,
  'maxBytesInFlight' | 'maxBytesStalled' | 'sendTimeout'
> {
  /** Milliseconds after which a client counts as slow. */
  readonly slowAfter: number;
}

export interface FlowEvents {
  /** More may be sent. */
  onRoom(): void;
}

interface Write {
  readonly bytes: number;
  readonly at: number;
  /** Gives the client up. */
  readonly giveUp: (reason: string) => void;
}

export class Flow {
  readonly #limits: FlowLimits;
  readonly #events: FlowEvents;
  /** In the order in which they began; a write is in one of the two. */
  #active = new Set<Write>();
  readonly #slow = new Set<Write>();
  #activeBytes = 0;
  #slowBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: FlowLimits, events: FlowEvents) {
    this.#limits = limits;
    this.#events = events;
  }

  /** Whether another response may be made and sent. */
  get hasRoom(): boolean {
    return this.#activeBytes < this.#limits.maxBytesInFlight;
  }

  /** Bytes that clients have not taken yet. */
  get bytes(): number {
    return this.#activeBytes + this.#slowBytes;
  }

  /**
   * A response is on its way.
   * @param giveUp ends the client's stream; it must lead to a call of what is returned.
   * @returns to be called when the client has taken it, or is gone; more calls do nothing.
   */
  begin(bytes: number, giveUp: (reason: string) => void): () => void {
    const write = { bytes, at: performance.now(), giveUp };
    this.#active.add(write);
    this.#activeBytes += bytes;
    this.#watch();
    return () => this.#end(write);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(write: Write): void {
    const hadRoom = this.hasRoom;
    if (this.#active.delete(write)) this.#activeBytes -= write.bytes;
    else if (this.#slow.delete(write)) this.#slowBytes -= write.bytes;
    // A set that is emptied refers from what it was to what it becomes, and so one push's garbage to the next one's.
    if (this.#active.size === 0) this.#active = new Set();
    if (this.#active.size + this.#slow.size === 0) this.close();
    if (!hadRoom && this.hasRoom) this.#events.onRoom();
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
      if (this.#active.size + this.#slow.size > 0) this.#watch();
    }, this.#limits.slowAfter);
    this.#timer.unref();
  }

  #look(): void {
    const now = performance.now();
    const hadRoom = this.hasRoom;
    for (const write of this.#active) {
      if (now - write.at < this.#limits.slowAfter) break;
      this.#active.delete(write);
      this.#activeBytes -= write.bytes;
      this.#slow.add(write);
      this.#slowBytes += write.bytes;
    }
    for (const write of this.#slow) {
      const late = now - write.at >= this.#limits.sendTimeout;
      if (!late && this.#slowBytes <= this.#limits.maxBytesStalled) break;
      this.#slow.delete(write);
      this.#slowBytes -= write.bytes;
      write.giveUp(
        late
          ? `the client has not read a response for ${Math.round((now - write.at) / 1000)} s`
          : 'too many responses wait for clients to read them, and this one has waited the longest',
      );
    }
    if (!hadRoom && this.hasRoom) this.#events.onRoom();
  }
}
