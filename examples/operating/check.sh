#!/usr/bin/env bash
# Runs the commands of docs/guides/operating.md and compares what they print; npm ci comes first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# The workspace's own Node first.
export PATH="$PWD/node_modules/.bin:$PATH"
exec node examples/operating/check.ts "$@"
