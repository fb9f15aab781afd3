/** Writes the JavaScript part of the contract with Rust, see docs/decisions/contract.md. */
import { run } from './parts/run.mjs';

const args = ['test', '--locked', '--package', 'lazy-layers-cache', 'contract'];
process.exitCode = await run('cargo', args, { env: { WRITE_CONTRACT: '1' } });
