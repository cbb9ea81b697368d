#!/usr/bin/env bash
# Takes down what deploy.sh made. Buckets with data, table, users and disk stay unless --with-data is said, and confirmed by the stack's name.
set -euo pipefail

usage() {
  cat <<'TEXT'
destroy.sh [--with-data] [--yes]

  Without --with-data: everything that holds no data goes; Terraform then ends with an error for each bucket that is not empty and for what is
  protected. That is meant.
  --with-data   also the data: archive, inbox, table, user pool, disk of Node-RED. Nothing brings it back.
  --yes         does not ask; not with --with-data
  TERRAFORM=tofu for OpenTofu.
TEXT
}

fail() { printf 'destroy: %s\n' "$1" >&2; exit "${2:-1}"; }

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
terraform=${TERRAFORM:-terraform}
with_data=false yes=false
while [ $# -gt 0 ]; do
  case $1 in
    --with-data) with_data=true ;;
    --yes) yes=true ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "what is $1?" 2 ;;
  esac
  shift
done
if $with_data && $yes; then fail '--with-data is confirmed by hand, and not by --yes' 2; fi
command -v "$terraform" >/dev/null || fail "$terraform is not on the path"
command -v aws >/dev/null || fail 'aws is not on the path'

cd -- "$here"
variables=$here/generated/pipeline.auto.tfvars.json
[ -f "$variables" ] || fail 'generated/pipeline.auto.tfvars.json is missing: deploy.sh --plan writes it'
aws sts get-caller-identity --output text --query '[Account,Arn]' >&2 || fail 'AWS does not know you'
buckets=$("$terraform" output -json buckets)
archive=$(node -e 'process.stdout.write(JSON.parse(process.argv[1]).archive ?? "")' "$buckets")
[ -n "$archive" ] || fail 'there is no stack here: terraform output knows no bucket'

if $with_data; then
  for bucket in $(node -e 'console.log(Object.values(JSON.parse(process.argv[1])).join(" "))' "$buckets"); do
    # shellcheck disable=SC2016 # JMESPath writes literals so
    printf '%s: %s objects listed at first look\n' "$bucket" \
      "$(aws s3api list-objects-v2 --bucket "$bucket" --max-items 1000 --query 'length(Contents || `[]`)' --output text | sed -n 1p)" >&2
  done
  read -r -p "All data of this stack goes for ever. Type the archive's name to go on: " answer
  [ "$answer" = "$archive" ] || fail 'nothing was changed'
  # Protection is taken away first; then there is nothing that stops the rest.
  "$terraform" apply -input=false -auto-approve -var-file="$variables" -var force_destroy=true >&2
  "$terraform" destroy -input=false -auto-approve -var-file="$variables" -var force_destroy=true
elif $yes; then
  "$terraform" destroy -input=false -auto-approve -var-file="$variables"
else
  "$terraform" destroy -input=false -var-file="$variables"
fi
printf 'SSM parameters are not of Terraform: aws ssm delete-parameter --name NAME, for each of "aws ssm describe-parameters".\n' >&2
