#!/bin/sh
# Installs packed files into an empty project and uses them: <folder of .tgz files>, with PLATFORM set to the target.
set -eu

packed=$1
consumers=$(cd "$(dirname "$0")/../__test__/package/consumers" && pwd)
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
cd "$project"

printf '{ "name": "consumer", "private": true }' > package.json
# The files of packages end in the version; those of the package itself have nothing before it.
name="$packed/lazy-layers-cache"
npm install --no-audit --no-fund "$name"-[0-9]*.tgz "$name-$PLATFORM"-[0-9]*.tgz
cp "$consumers"/commonjs.cjs "$consumers"/modules.mjs .
node commonjs.cjs
node modules.mjs
