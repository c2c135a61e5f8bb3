/** Who gets the messages of a topic. */
export interface Subscriber {
  /** `text` is the whole message as JSON. */
  sendTopic(topic: string, text: string): void;
}

/** A topic with its subscribers. What it sends is written once for all of them. */
export abstract class TopicChannel {
  readonly topic: string;
  readonly #subscribers = new Set<Subscriber>();

  constructor(topic: string) {
    this.topic = topic;
  }

  get isHeard(): boolean {
    return this.#subscribers.size > 0;
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    const first = this.firstMessage();
    if (first !== undefined) subscriber.sendTopic(this.topic, JSON.stringify(first));
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** What a new subscriber gets at once. */
  protected abstract firstMessage(): object | undefined;

  protected send(message: object): void {
    if (!this.isHeard) return;
    const text = JSON.stringify(message);
    for (const subscriber of this.#subscribers) subscriber.sendTopic(this.topic, text);
  }
}
