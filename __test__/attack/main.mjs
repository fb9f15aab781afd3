/**
 * Attacks the server of a dashboard, all attacks at a time, while somebody with the right login looks on:
 *
 *     npm run attack -- --seconds 600
 *
 * Ends with 1 if an attack succeeds, if the server does not answer clients that may ask, or if its memory grows. Linux
 * alone: attackers and the other one come from different addresses of the loopback network, as the server throttles
 * each by itself.
 */
import { parseArgs } from 'node:util';
import { attack } from './scenario.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' } } });
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new Error(`--seconds must be a number above 0, got ${values.seconds}`);

const { faults, report } = await attack(seconds);
console.log(JSON.stringify(report, undefined, 2));
for (const fault of faults.slice(0, 20)) console.error(`✖ ${fault}`);
console.log(faults.length === 0 ? '✔ nothing got through' : `${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
