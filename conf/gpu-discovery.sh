#!/usr/bin/env bash
# Tells Spark the GPUs of this machine, as spark.worker.resource.gpu.discoveryScript and
# spark.executor.resource.gpu.discoveryScript want it: {"name": "gpu", "addresses": ["0", "1"]}. Fails where there is none.
set -euo pipefail
addresses=$(nvidia-smi --query-gpu=index --format=csv,noheader | sed 's/.*/"&"/' | paste -s -d ,)
[ -n "$addresses" ] || { echo "gpu-discovery.sh: nvidia-smi lists no GPU" >&2; exit 1; }
printf '{"name": "gpu", "addresses": [%s]}\n' "$addresses"
