/**
 * An in-memory transport between caches of one process. As real transports do, it hands out copies, and delivers to the
 * publisher as well. `hub.bus()` makes one end of it.
 */
export class MemoryHub {
  constructor({ copy = structuredClone } = {}) {
    this.copy = copy;
    this.handlers = [];
    this.published = [];
  }

  bus() {
    return new MemoryBus(this);
  }

  publishedOf(type) {
    return this.published.filter((event) => event.type === type);
  }

  async deliver(event) {
    for (const handler of [...this.handlers]) await handler(this.copy(event));
  }
}

class MemoryBus {
  constructor(hub) {
    this.hub = hub;
    this.subscriptions = 0;
  }

  async publish(event) {
    this.hub.published.push(this.hub.copy(event));
    await this.hub.deliver(event);
  }

  async subscribe(handler) {
    this.subscriptions += 1;
    this.hub.handlers.push(handler);
  }
}

/** The same, carrying events as JSON text. */
export const jsonHub = () => new MemoryHub({ copy: (event) => JSON.parse(JSON.stringify(event)) });

let lastId = 0;

/** An event as a peer would send it. */
export function peerEvent(type, fields) {
  lastId += 1;
  return { id: `peer-event-${lastId}`, type, source: 'peer', ts: Date.now(), ...fields };
}
