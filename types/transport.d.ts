import type { EventBus } from './bus.js';
import type { DefinedEventBusHealth, DefinedEventBusOptions } from './bus-options.js';
import type { NodeBuffer } from './payloads.js';

/** The argument of a transport's `connect`. */
export interface TransportConnection<Options = unknown> {
  /** The options with which the bus was made. */
  options: Options;
  /**
   * To be called with each message that arrives, in their order, with the bytes that a `publish` was given. Messages
   * of the session itself may be among them: the bus then notices when it is cut off in one direction.
   */
  onMessage: (bytes: Uint8Array) => void;
  /**
   * To be called when the connection is lost, also when a client has connected again by itself. The session is closed
   * then, and another one is opened.
   */
  onLost: (error?: unknown) => void;
  /** Aborts when the session is no longer needed: it was closed, or connecting took too long. */
  signal: AbortSignal;
}

/** A session with a broker. */
export interface TransportSession {
  /**
   * Sends bytes to all sessions of the transport; resolves when the broker has them. Called again once its promise is
   * settled. A rejection ends the session: the bytes are sent again by the next one. A rejection whose error has the
   * `code` `EVENT_REFUSED` gives up these bytes alone: the broker will never take them.
   */
  publish(bytes: NodeBuffer): unknown;
  /** Begins to receive, for transports that do not while they connect. Called once, when somebody listens. */
  subscribe?(): unknown;
  /** Ends the session. Called once, also after `onLost`. */
  close(): unknown;
}

/** A way to carry events, for `defineTransport`. `connect` is called as a method of this object. */
export interface Transport<Options = unknown> {
  /**
   * The name of the transport, in the health of a bus and in `bus:status`: at most 64 characters, not a builtin bus's.
   */
  name: string;
  /**
   * Opens a session. The session receives the messages that are sent after this resolves, or after its `subscribe` does
   * if it has one. Called again, after a pause of 50 ms up to 2 s, when it rejects and when a session was lost: it need
   * not retry by itself.
   */
  connect(connection: TransportConnection<Options>): TransportSession | Promise<TransportSession>;
  /**
   * The most bytes that a message may have. Values that are larger are not sent to other instances. A larger `del` or
   * `pattern` is refused: receivers notice that one is missing, and empty their L1. Default: no limit.
   */
  maxEventBytes?: number | undefined;
  /** How long connecting may take by default, and subscribing, in milliseconds. Default: 5000. */
  connectTimeoutMs?: number | undefined;
}

/** A bus over a transport of your own. */
export interface DefinedEventBus extends Required<EventBus> {
  /** How the bus is, once it is connected or cannot be; connects if it is not, and never rejects. */
  healthCheck(): Promise<DefinedEventBusHealth>;
}

/** The class of such buses. Its options are passed to `connect`; they may be left out if none of them is required. */
export type DefinedEventBusClass<Options> = new (
  ...options: {} extends Options
    ? [options?: Options & DefinedEventBusOptions]
    : [options: Options & DefinedEventBusOptions]
) => DefinedEventBus;
