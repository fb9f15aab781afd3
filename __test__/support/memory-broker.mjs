import { defineTransport } from '../../index.mjs';

/** A broker of this process for buses over a transport of a user, which can be hurt. */
export class MemoryBroker {
  constructor(definition = {}) {
    this.isAway = false;
    /** Sessions that are open. */
    this.sessions = new Set();
    this.opened = 0;
    /** The messages that were sent. */
    this.sent = [];
    const connect = (connection) => this.connect(connection);
    this.Bus = defineTransport({ name: 'memory', connect, ...definition });
  }

  connect({ onMessage, onLost, signal }) {
    if (this.isAway) throw new Error('the broker is away');
    const session = { onMessage, onLost, signal };
    this.sessions.add(session);
    this.opened += 1;
    return {
      publish: async (bytes) => {
        if (this.isAway) throw new Error('the broker is away');
        this.sent.push(bytes);
        for (const one of this.sessions) one.onMessage(bytes);
      },
      close: () => void this.sessions.delete(session),
    };
  }

  /** Is away while something is done. */
  async interrupted(meanwhile) {
    this.isAway = true;
    for (const { onLost } of [...this.sessions]) onLost(new Error('the broker has gone'));
    await meanwhile();
    this.isAway = false;
  }
}
