// A registry that holds the packed files and nothing else, on this machine.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { ROOT, publishedTargets, readManifest } from '../../scripts/parts/project.mjs';
import { complete } from '../../scripts/published-manifest.mjs';

/** Long enough ago for managers that wait before they take a version. */
const PUBLISHED = '2020-01-01T00:00:00.000Z';

function published(manifest, address, tarball) {
  const { version } = manifest;
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const dist = { tarball: `${address}/-/${manifest.name}-${version}.tgz`, integrity };
  const time = { created: PUBLISHED, modified: PUBLISHED, [version]: PUBLISHED };
  return {
    name: manifest.name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist } },
    time,
  };
}

/** The metadata of each package in the registry; those of other platforms are there too, and never asked for their files. */
function documentsOf(files, address) {
  const manifests = [
    complete(readManifest()),
    ...publishedTargets().map(({ name }) => readManifest(join(ROOT, 'npm', name))),
  ];
  const documents = manifests.map((manifest) => {
    const file = files.get(`${manifest.name}-${manifest.version}.tgz`) ?? Buffer.alloc(0);
    return [`/${manifest.name}`, published(manifest, address, file)];
  });
  return documents;
}

/** Serves packed files by their paths; resolves to the address, and a function that ends it. */
export async function serve(paths) {
  const files = new Map(paths.map((path) => [path.split(/[\\/]/).at(-1), readFileSync(path)]));
  const documents = new Map();
  const server = createServer(({ url }, response) => {
    const file = url.startsWith('/-/') ? files.get(url.slice(3)) : undefined;
    const document = documents.get(decodeURIComponent(url));
    if (file === undefined && document === undefined) response.writeHead(404).end('{"error":"not found"}');
    else if (file === undefined) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    } else response.end(file);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  for (const [path, document] of documentsOf(files, address)) documents.set(path, document);
  return { address, close: () => new Promise((resolve) => server.close(resolve)) };
}
