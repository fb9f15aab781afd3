// A proxy as they stand before services: it takes requests below a prefix, and passes them on without it.
import { createServer, request } from 'node:http';

/**
 * @param {string} prefix such as `/tools/cache`
 * @param {URL} target where the rest of a path goes
 */
export async function startProxy(prefix, target) {
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(`${prefix}/`)) {
      outgoing.writeHead(404).end('outside of the prefix');
      return;
    }
    const path = target.pathname.replace(/\/$/, '') + incoming.url.slice(prefix.length);
    const headers = { ...incoming.headers, host: target.host };
    const passed = request({ host: target.hostname, port: target.port, method: incoming.method, path, headers });
    passed.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}${prefix}/`, close };
}
