// Checks that addons for Linux ask for no newer glibc than promised, and those for musl for none: <addon.node> …
import { basename } from 'node:path';
import { GLIBC_FLOOR } from './build.mjs';
import { isMain } from './parts/project.mjs';
import { capture } from './parts/run.mjs';

const isNewer = (version, floor) => {
  const [[major, minor], [floorMajor, floorMinor]] = [version, floor].map((text) => text.split('.').map(Number));
  return major > floorMajor || (major === floorMajor && minor > floorMinor);
};

/** The newest glibc that the report of `readelf --version-info` names; undefined when it names none. */
export function newestGlibc(report) {
  const versions = [...report.matchAll(/GLIBC_(\d+\.\d+)/g)].map(([, version]) => version);
  return versions.reduce((newest, version) => (newest && !isNewer(version, newest) ? newest : version), undefined);
}

/** The fault of an addon; undefined if it has none. */
export function complaint(file, report, floor = GLIBC_FLOOR) {
  const newest = newestGlibc(report);
  if (basename(file).includes('-musl.')) return newest && `${file} is for musl and asks for glibc ${newest}`;
  if (!newest) return `${file} names no version of glibc`;
  return isNewer(newest, floor) ? `${file} asks for glibc ${newest}; at most ${floor} is promised` : undefined;
}

function main(files) {
  if (files.length === 0) throw new Error('name the addons to check');
  for (const file of files) {
    const report = capture('readelf', ['--version-info', '--wide', file]);
    const wrong = complaint(file, report);
    if (wrong) throw new Error(wrong);
    console.log(`${file}: ${newestGlibc(report) ? `glibc ${newestGlibc(report)} or newer` : 'no glibc'}`);
  }
}

if (isMain(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(`glibc-floor: ${error.message}`);
    process.exitCode = 1;
  }
}
