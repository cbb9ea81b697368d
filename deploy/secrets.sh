#!/bin/sh
# Makes the secrets of compose.yaml in ./secrets, where they are missing. The folder is yours alone; the files can be read in the containers,
# whose users are others.
set -eu
umask 077
mkdir -p secrets
make() {
  [ -s "secrets/$1" ] && return
  printf %s "$2" > "secrets/$1"
  chmod 444 "secrets/$1"
  echo "secrets/$1 made"
}
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
make node_red_admin_password "$(random)"
make node_red_credential_secret "$(random)"
make grafana_admin_password "$(random)"
make metrics_token "$(random)"
make postgres_password "$(random)"
make postgres_url "postgresql://pipeline:$(cat secrets/postgres_password)@postgres:5432/pipeline"
