#!/bin/sh
# Brings the secrets of /etc/ysh/secrets (lines: NAME PARAMETER) from SSM Parameter Store into files of /run/ysh, which lies in memory, and
# names them in /run/ysh/environment as NAME_FILE. The instance's role needs ssm:GetParameter for them, and kms:Decrypt where the key is your own.
# Where the image comes from ECR it logs Docker in there, for twelve hours.
set -eu
umask 077
list=${1:-/etc/ysh/secrets} to=${2:-/run/ysh}
mkdir -p "$to/secrets"
: > "$to/environment"
while read -r name parameter; do
  case $name in '' | '#'*) continue ;; esac
  value=$(aws ssm get-parameter --with-decryption --name "$parameter" --query Parameter.Value --output text)
  [ -n "$value" ] || { echo "$parameter is empty" >&2; exit 1; }
  printf %s "$value" > "$to/secrets/$name"
  # the user of the container
  [ "$(id -u)" != 0 ] || chown 1000:1000 "$to/secrets/$name"
  echo "${name}_FILE=/run/secrets/$name" >> "$to/environment"
done < "$list"
[ "$(id -u)" != 0 ] || chown 1000:1000 "$to/secrets"
case ${IMAGE:-} in
  *.dkr.ecr.*)
    region=${IMAGE#*.dkr.ecr.}
    password=$(aws ecr get-login-password --region "${region%%.*}")
    echo "$password" | docker login --username AWS --password-stdin "${IMAGE%%/*}"
    ;;
esac
