import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { TRIES, login } from './tries.mjs';

const require = createRequire(new URL('../tools/package.json', import.meta.url));

let cache;
let handler;

before(async () => {
  cache = new LazyLayersCache({ observability: { enabled: true, quiet: true, server: false, actions: true } });
  handler = cache.getObservabilityHandler();
  await cache.set('k', { a: 1 });
});

after(() => cache.close());

/** Listens with a function that takes requests of Node.js. */
async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections?.();
    });
  return { base: `http://127.0.0.1:${server.address().port}`, close };
}

/** Each framework, mounted as its users do: where the dashboard then is, and how it ends. */
const FRAMEWORKS = {
  'node:http': async () =>
    listen(
      createServer((request, response) => {
        if (!handler(request, response)) response.writeHead(418).end('teapot');
      }),
    ),
  Express: async () => {
    const express = require('express');
    const app = express();
    app.use(express.json(), express.urlencoded());
    app.use(handler);
    app.use((_, response) => response.status(418).send('teapot'));
    return listen(createServer(app));
  },
  'Express, below a prefix': async () => {
    const express = require('express');
    const app = express();
    app.use('/admin', handler);
    app.use((_, response) => response.status(418).send('teapot'));
    const { base, close } = await listen(createServer(app));
    return { base: `${base}/admin`, close };
  },
  'Express, at the route itself': async () => {
    const app = require('express')();
    app.use('/observelazyily', handler);
    app.use((_, response) => response.status(418).send('teapot'));
    return listen(createServer(app));
  },
  Fastify: async () => {
    const app = require('fastify')();
    app.addHook('onRequest', (request, reply, done) => {
      if (handler(request.raw, reply.raw)) reply.hijack();
      done();
    });
    app.setNotFoundHandler((_, reply) => reply.code(418).send('teapot'));
    const base = await app.listen({ port: 0, host: '127.0.0.1', forceCloseConnections: true });
    return { base, close: () => app.close() };
  },
  Koa: async () => {
    const Koa = require('koa');
    const { default: Application = Koa } = Koa;
    const app = new Application();
    app.use(async (context, next) => {
      if (handler(context.req, context.res)) context.respond = false;
      else await next();
    });
    app.use((context) => {
      context.status = 418;
      context.body = 'teapot';
    });
    return listen(createServer(app.callback()));
  },
  NestJS: async () => {
    assert.ok(require('reflect-metadata'));
    const { NestFactory } = require('@nestjs/core');
    const { Module } = require('@nestjs/common');
    class AppModule {}
    Module({})(AppModule);
    const app = await NestFactory.create(AppModule, { logger: false });
    app.use(handler);
    app.use((_, response) => response.status(418).send('teapot'));
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer();
    const close = () => {
      server.closeAllConnections();
      return app.close();
    };
    return { base: `http://127.0.0.1:${server.address().port}`, close };
  },
  Hono: async () => {
    const { Hono } = require('hono');
    const app = new Hono();
    app.use(async (context, next) => (await handler.handle(context.req.raw)) ?? next());
    app.all('*', (context) => context.text('teapot', 418));
    return { base: 'http://127.0.0.1', fetch: (url, options) => app.request(url, options), close() {} };
  },
  'a function of requests': async () => {
    const GET = async (request) => (await handler.handle(request)) ?? new Response('teapot', { status: 418 });
    return { base: 'http://127.0.0.1', fetch: (url, options) => GET(new Request(url, options)), close() {} };
  },
};

for (const [name, mount] of Object.entries(FRAMEWORKS)) {
  describe(name, () => {
    let mounted;
    let say;

    before(async () => {
      mounted = await mount();
      const { base, fetch: own = fetch } = mounted;
      say = (path, options = {}) => own(base + path, { ...login, ...options });
    });

    after(() => mounted.close());

    for (const [what, attempt] of Object.entries(TRIES)) test(what, () => attempt(say, cache, name));
  });
}
