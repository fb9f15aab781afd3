import type { CacheOptions } from './options.js';
import type { DeserializeLimits } from './payloads.js';

/** Encryption, as `tls.connect()` of Node.js takes it. */
export interface RedisTlsOptions {
  /** Certificates of the authorities to trust, in PEM. Default: those of Node.js and of the system. */
  ca?: string | Uint8Array | (string | Uint8Array)[] | undefined;
  /** A certificate of this client, in PEM. */
  cert?: string | Uint8Array | undefined;
  /** Its key, in PEM. */
  key?: string | Uint8Array | undefined;
  /** `false`: any certificate will do. Default: `true`, unless `NODE_TLS_REJECT_UNAUTHORIZED` is 0. */
  rejectUnauthorized?: boolean | undefined;
}

/** Where a server is. */
export interface RedisNode {
  /** A name or an IP address. Default: `localhost`. */
  host?: string | undefined;
  /** Default: 6379. */
  port?: number | undefined;
}

/** The result of a function as `password`: the password, or a user as well. */
export type RedisPassword = string | { username?: string | undefined; password: string };

/** How to log in, and the names there. */
export interface RedisLoginOptions {
  /** The user. Default: Redis' default user. */
  username?: string | null | undefined;
  /**
   * The password, or a function that returns it, for tokens that expire: it is called before each connection, and has
   * half of `connectTimeoutMs` to answer. Without an answer there is no connection. Default: none.
   */
  password?: string | (() => RedisPassword | Promise<RedisPassword>) | null | undefined;
  /** Encryption; `true` for that of the system. Default: none. */
  tls?: RedisTlsOptions | boolean | undefined;
  /** Put before every name in Redis, as `ioredis` does it: members of the index are without it. Default: nothing. */
  keyPrefix?: string | undefined;
}

/** One server. */
export interface RedisServerOptions extends RedisNode, RedisLoginOptions {
  /** A URL, instead of all the others. */
  url?: string | undefined;
  /** The path of a Unix socket, instead of host and port. */
  path?: string | undefined;
  /** The number of the database. Default: 0. */
  db?: number | undefined;
}

/** A cluster. */
export interface RedisClusterOptions extends RedisLoginOptions {
  /**
   * Some of its nodes, also as URLs; the others are found through them. A login and encryption in a URL count for all
   * nodes, where none are given beside `nodes`. They must be the same in all URLs.
   */
  nodes: (RedisNode | string)[];
}

/** The master that sentinels name. */
export interface RedisSentinelOptions extends RedisLoginOptions {
  /** The sentinels, also as URLs. A login and encryption in a URL count for all sentinels, as above. */
  sentinels: (RedisNode | string)[];
  /** The name that they have for the master. */
  name: string;
  /** The number of the database. Default: 0. */
  db?: number | undefined;
  /** The user at the sentinels. */
  sentinelUsername?: string | null | undefined;
  /** The password at the sentinels. */
  sentinelPassword?: string | null | undefined;
  /** Encryption on the way to the sentinels. Default: none. */
  sentinelTLS?: RedisTlsOptions | boolean | undefined;
}

/**
 * A `Redis` or `Cluster` of `ioredis`. Its options are read: the store has a connection of its own, which ends when
 * that client ends. Any other object with these methods, and a client with options that the store's connection cannot
 * honour (`natMap`, reading from replicas, a `Connector` or parts of `tls`), is driven itself.
 */
export interface RedisClient {
  pipeline(...args: any[]): any;
}

/**
 * A client or a cluster of `redis` (node-redis, versions 5 and 6). Its options are read, as those of `ioredis` are. A
 * client whose options are hidden (a pool, sentinels) or cannot be honoured (a `credentialsProvider`, `useReplicas`,
 * `nodeAddressMap`, `readonly`, parts of `socket`) is driven itself, once it is connected.
 */
export interface NodeRedisClient {
  sendCommand(...args: any[]): any;
  withTypeMapping(...args: any[]): any;
}

/** A socket, in words of node-redis. With `tls`, encryption is told here too. */
export interface NodeRedisSocketOptions {
  /** A name or an IP address. Default: `localhost`. */
  host?: string | undefined;
  /** Default: 6379. */
  port?: number | undefined;
  /** The path of a Unix socket, instead of host and port. */
  path?: string | undefined;
  /** Whether to encrypt. Default: `false`. */
  tls?: boolean | undefined;
  /** Certificates of the authorities to trust, in PEM. Default: those of the system. */
  ca?: RedisTlsOptions['ca'];
  /** A certificate of this client, in PEM. */
  cert?: RedisTlsOptions['cert'];
  /** Its key, in PEM. */
  key?: RedisTlsOptions['key'];
  /** `false`: any certificate will do. Default: `true`. */
  rejectUnauthorized?: boolean | undefined;
}

/** One server, in words of node-redis. */
export interface NodeRedisServerOptions {
  /** A URL, which comes before the others. */
  url?: string | undefined;
  /** Where it is, instead of a URL. */
  socket?: NodeRedisSocketOptions | undefined;
  /** The user. Default: Redis' default user. */
  username?: string | undefined;
  /**
   * The password, or a function as of `RedisLoginOptions`; a string in `rootNodes` and `sentinelClientOptions`.
   * Default: none.
   */
  password?: string | (() => RedisPassword | Promise<RedisPassword>) | undefined;
  /** The number of the database. Default: 0. */
  database?: number | undefined;
}

/** A cluster, in words of node-redis. */
export interface NodeRedisClusterOptions {
  /** Some of its nodes; the others are found through them. */
  rootNodes: NodeRedisServerOptions[];
  /** How to log in to all nodes, and whether to encrypt. Default: as to the nodes, which must not differ. */
  defaults?: NodeRedisServerOptions | undefined;
  /** As of `RedisLoginOptions`. */
  keyPrefix?: string | undefined;
}

/** The master that sentinels name, in words of node-redis. */
export interface NodeRedisSentinelOptions {
  /** The name that the sentinels have for it. */
  name: string;
  /** The sentinels. */
  sentinelRootNodes: { host: string; port: number }[];
  /** Login, database and encryption of the master. */
  nodeClientOptions?: NodeRedisServerOptions | undefined;
  /** Login and encryption of the sentinels. */
  sentinelClientOptions?: NodeRedisServerOptions | undefined;
  /** As of `RedisLoginOptions`. */
  keyPrefix?: string | undefined;
}

/** Where Redis is. Options that are not known are refused, but for those that only tune a client. */
export type RedisConnection =
  | RedisClient
  | NodeRedisClient
  | RedisServerOptions
  | NodeRedisServerOptions
  | NodeRedisClusterOptions
  | NodeRedisSentinelOptions
  | RedisClusterOptions
  | RedisSentinelOptions
  | string
  | URL;

/** Options of a store in Redis; also `ttlMs`, `levels.L2` and the other options of calls of a cache. */
export interface RedisStoreOptions extends CacheOptions {
  /** Before every key. Default: `cache:`. */
  prefix?: string | undefined;
  /** The sorted set that lists the keys. Default: `<prefix>__index`. */
  indexKey?: string | undefined;
  /**
   * Whether to keep that index, and to go by it for patterns and sizes; `false`: the servers are scanned. Default:
   * `true`.
   */
  useIndex?: boolean | undefined;
  /** How many keys a step of a scan looks at, roughly. Default: 1000. */
  scanCount?: number | undefined;
  /** How many keys are deleted at a time. Default: 500. */
  batchSize?: number | undefined;
  /** The command that deletes. Default: `unlink`. */
  deleteStrategy?: 'unlink' | 'del' | undefined;
  /**
   * How long an operation may take, in milliseconds, before it counts as failed; of a pattern or a scan each step. 0
   * and `Infinity`: a day. Default: 1000.
   */
  commandTimeoutMs?: number | undefined;
  /** How long an attempt to connect may take, in milliseconds. Default: 2000. */
  connectTimeoutMs?: number | undefined;
  /**
   * The longest that a load may take, in milliseconds, from 0 to 86,400,000; 0 and `Infinity`: a day. Redis remembers
   * invalidations for 5/4 of it after the last one, so that no load from before one is stored. A load that took 7/8 of
   * it or longer is stored only if Redis remembered an invalidation when it began. The same in all instances. Default:
   * an hour.
   */
  longestLoadMs?: number | undefined;
  /**
   * Whether Redis tells each cache over this store about changes by others (`CLIENT TRACKING`, broadcast by prefix), so
   * that L1 removes these entries: also changes by other programs, and without a bus. The cache then reads and writes
   * over connections of its own, one to each primary. A lost connection, a server that is emptied, and slots that move
   * are a `bus:gap` with the reason `tracking`. Needs Redis 6 and RESP3, and the rights to `CLIENT TRACKING` and
   * `RENAME`: elsewhere one `l2:error` says that it does not work. Refused with `INVALID_OPTION` over a client that the
   * addon drives. Default: false.
   */
  tracking?: boolean | undefined;
  /** Limits for reading a value. A value beyond them counts as unreadable. */
  limits?: DeserializeLimits | undefined;
}
