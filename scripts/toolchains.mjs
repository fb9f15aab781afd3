/**
 * Runs the package under package managers, bundlers, test runners, runtimes and compilers; see __test__/toolchains/.
 */
import { build } from './build.mjs';
import { install, installToolchains, installTools } from './install.mjs';
import { run } from './parts/run.mjs';

try {
  await install();
  await installTools();
  await installToolchains();
  build();
  process.exitCode = await run(process.execPath, ['__test__/toolchains/main.mjs', ...process.argv.slice(2)]);
} catch (error) {
  console.error(`test:toolchains: ${error.message}`);
  process.exitCode = 1;
}
