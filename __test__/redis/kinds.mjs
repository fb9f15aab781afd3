// The ways to give a store its Redis.
import Redis from "ioredis";
import Redis5 from "ioredis-5";

/** A client that hides what it is, so that it has to be driven through its methods. */
export function standIn(client) {
  return new Proxy(client, {
    get(target, name) {
      if (name === "connector" || name === "startupNodes") return undefined;
      const member = target[name];
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

const closing = (t, client) => {
  client.on("error", () => {});
  t.after(() => client.disconnect());
  return client;
};

/** By name: what is given to the store for a server. */
export const KINDS = {
  "a client of ioredis 6": (t, port) => closing(t, new Redis(port, "127.0.0.1")),
  "a client of ioredis 5": (t, port) => closing(t, new Redis5(port, "127.0.0.1")),
  "a URL": (_t, port) => `redis://127.0.0.1:${port}/0`,
  "options": (_t, port) => ({ host: "127.0.0.1", port }),
  "a stand-in": (t, port) => standIn(closing(t, new Redis(port, "127.0.0.1"))),
};
