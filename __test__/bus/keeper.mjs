// A program that writes the key of each event it is given to a file: node keeper.mjs transport url channel instance
// file
import { openSync, writeSync } from 'node:fs';
import { TRANSPORTS } from './transports.mjs';

const [transport, url, channel, instance, file] = process.argv.slice(2);
const out = openSync(file, 'a');
const bus = TRANSPORTS[transport].bus(url, channel, { instance, logging: { enabled: false } });
// Written before the broker hears that the event was handled.
await bus.subscribe((event) => {
  writeSync(out, `${event.keys[0]}\n`);
});
process.send('ready');
// The channel to the parent keeps this process alive.
process.on('message', () => {});
