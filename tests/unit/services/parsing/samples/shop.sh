#!/usr/bin/env bash
# Sells things.
set -euo pipefail

LIMIT=3

# Finds an item.
find_item() {
  local name="$1"
  grep "$name" items.txt
}

function main {
  find_item "$@"
}

main "$@"
