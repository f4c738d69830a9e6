#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh BUILD-FOLDER
#
# Puts the packages of package.json into the build folder, unless they are there already. Which
# registry they come from is npm's own configuration.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=$1
if ! command -v npm >/dev/null; then
	echo "SKIP: needs node and npm"
	exit 77
fi
mkdir -p "$folder"
cd "$folder"
if [ -f installed ] && cmp -s installed "$here/package.json"; then
	echo "already there"
	exit 0
fi
cp "$here/package.json" package.json
npm install --no-audit --no-fund --no-package-lock --loglevel=error
cp package.json installed
