#!/usr/bin/env bash
# From nothing to running: checks, bundle, flows, terraform, secrets, smoke test. See README.md.
set -euo pipefail

usage() {
  cat <<'TEXT'
deploy.sh [--plan] [--yes] [--flow FILE]... [--secret NAME]... [--smoke PIPELINE] [--no-smoke] [--no-build]

  --plan            says what would be changed, and changes nothing
  --yes             applies without asking
  --flow FILE       a flow to deploy; several times. Default: flows/daily.json hourly.json event.json fallback.json
  --secret NAME     asks for the value of this secret, also when it has one
  --smoke PIPELINE  the pipeline that the smoke test starts. Default: ysh-fallback-run, where it is deployed
  --no-smoke        no smoke test
  --no-build        takes the bundle as it lies there

  AWS credentials as for the AWS command line (AWS_PROFILE, AWS_REGION, ...). Your settings: terraform.tfvars in this folder, from
  terraform.tfvars.example. TERRAFORM=tofu for OpenTofu.
TEXT
}

fail() { printf 'deploy: %s\n' "$1" >&2; exit "${2:-1}"; }
say() { printf '\n== %s\n' "$1" >&2; }

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "$here/../.." && pwd)
terraform=${TERRAFORM:-terraform}
generated=$here/generated
plan_only=false yes=false build=true smoke=default flows=() ask=()

while [ $# -gt 0 ]; do
  case $1 in
    --plan) plan_only=true ;;
    --yes) yes=true ;;
    --no-build) build=false ;;
    --no-smoke) smoke='' ;;
    --flow | --secret | --smoke)
      [ $# -ge 2 ] || fail "$1 wants a value" 2
      case $1 in
        --flow) flows+=("$2") ;;
        --secret) ask+=("$2") ;;
        --smoke) smoke=$2 ;;
      esac
      shift
      ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "what is $1?" 2 ;;
  esac
  shift
done
if [ ${#flows[@]} -eq 0 ]; then
  for name in daily hourly event fallback; do flows+=("$root/flows/$name.json"); done
fi

say 'tools'
for tool in "$terraform" aws node npm; do
  command -v "$tool" >/dev/null || fail "$tool is not on the path; README.md says which versions"
done
"$terraform" version | sed -n 1p >&2
for flow in "${flows[@]}"; do [ -f "$flow" ] || fail "$flow is no file"; done

say 'account'
identity=$(aws sts get-caller-identity --output text --query '[Account,Arn]') ||
  fail 'AWS does not know you: run "aws configure" or "aws sso login", or set AWS_PROFILE'
printf '%s\n' "$identity" >&2
export AWS_PAGER=''

if $build; then
  say 'bundle'
  (cd "$root" && npm run --silent build && npm run --silent bundle:lambda)
fi
compgen -G "$root/dist-lambda/*.zip" >/dev/null || fail 'dist-lambda has no zip; npm run bundle:lambda makes it'

say 'flows'
rm -rf -- "$generated"
node "$root/dist/cli.js" compile "${flows[@]}" --target step-functions --out "$generated" 2>"$here/compile.log" >/dev/null || {
  cat -- "$here/compile.log" >&2
  fail 'a flow was refused'
}
grep -E 'transitions|scheduled' "$here/compile.log" >&2 || true
# One flow lies in the folder itself; Terraform finds both by the variables.
[ -f "$generated/pipeline.auto.tfvars.json" ] || fail 'the compiler wrote no variables'

say 'terraform'
cd -- "$here"
"$terraform" init -input=false >&2
vars=(-var-file="$generated/pipeline.auto.tfvars.json")
changes=0
"$terraform" plan -input=false -detailed-exitcode -out="$here/deploy.tfplan" "${vars[@]}" >&2 || changes=$?
case $changes in
  0) printf 'Nothing to change.\n' >&2 ;;
  2) ;;
  *) fail 'terraform plan failed' "$changes" ;;
esac
if $plan_only; then
  rm -f -- "$here/deploy.tfplan"
  exit 0
fi
if [ "$changes" -eq 2 ] && ! $yes; then
  read -r -p 'Apply this? It can cost money; README.md says how much. [yes/no] ' answer
  [ "$answer" = yes ] || fail 'nothing was changed'
fi
"$terraform" apply -input=false "$here/deploy.tfplan" >&2
rm -f -- "$here/deploy.tfplan"

say 'secrets'
# Values go from the keyboard (or standard input) to AWS, past Terraform and its state, and past the list of processes.
references=$("$terraform" output -json secret_references)
put() {
  local name=$1 reference=$2 value=$3 overwrite=$4 file
  file=$(umask 077 && mktemp)
  if [ "${reference%%:*}" = ssm ]; then
    VALUE=$value NAME=${reference#*:} OVERWRITE=$overwrite node -e '
      const { NAME: Name, VALUE: Value, OVERWRITE } = process.env
      process.stdout.write(JSON.stringify({ Name, Value, Type: "SecureString", Overwrite: OVERWRITE === "true" }))' >"$file"
    aws ssm put-parameter --cli-input-json "file://$file" >/dev/null || { rm -f -- "$file"; fail "$name could not be put"; }
  else
    VALUE=$value NAME=${reference#*:} node -e '
      const { NAME: SecretId, VALUE: SecretString } = process.env
      process.stdout.write(JSON.stringify({ SecretId, SecretString }))' >"$file"
    aws secretsmanager put-secret-value --cli-input-json "file://$file" >/dev/null || { rm -f -- "$file"; fail "$name could not be put"; }
  fi
  rm -f -- "$file"
}
there() {
  case $1 in
    ssm:*) aws ssm get-parameter --name "${1#*:}" --query Parameter.Name --output text >/dev/null 2>&1 ;;
    *) aws secretsmanager get-secret-value --secret-id "${1#*:}" --query Name --output text >/dev/null 2>&1 ;;
  esac
}
while IFS=$'\t' read -r name reference <&3; do
  [ -n "$name" ] || continue
  wanted=false
  for one in "${ask[@]+"${ask[@]}"}"; do [ "$one" != "$name" ] || wanted=true; done
  if ! $wanted && there "$reference"; then
    printf '%s is there\n' "$name" >&2
    continue
  fi
  overwrite=true
  case $wanted:$name in
    # Nobody has to think of these; Node-RED does not start without them. Never over one that is there: it would make the flows unreadable.
    false:NODE_RED_*)
      overwrite=false
      value=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
      printf '%s is made up, and lies in %s\n' "$name" "$reference" >&2
      ;;
    *)
      read -r -s -p "Value of $name ($reference), empty to leave it: " value
      printf '\n' >&2
      ;;
  esac
  [ -z "$value" ] || put "$name" "$reference" "$value" "$overwrite"
done 3< <(node -e 'for (const pair of Object.entries(JSON.parse(process.argv[1]))) console.log(pair.join("\t"))' "$references")

if [ "$smoke" = default ]; then
  smoke=''
  if grep -q '"ysh-fallback-run": {' "$generated/pipeline.auto.tfvars.json"; then smoke=ysh-fallback-run; fi
fi
if [ -n "$smoke" ]; then
  say "smoke test: $smoke"
  arn=$("$terraform" output -json state_machines | node -e '
    let text = ""
    process.stdin.on("data", (part) => (text += part)).on("end", () => console.log(JSON.parse(text)[process.argv[1]] ?? ""))' "$smoke")
  [ -n "$arn" ] || fail "no pipeline is called $smoke"
  execution=$(aws stepfunctions start-execution --state-machine-arn "$arn" --name "smoke-$(date -u +%Y%m%dT%H%M%SZ)" \
    --input '{"trigger":"manual","message":{"payload":{}}}' --query executionArn --output text)
  printf '%s\n' "$execution" >&2
  status=RUNNING
  for _ in $(seq 1 180); do
    status=$(aws stepfunctions describe-execution --execution-arn "$execution" --query status --output text)
    [ "$status" = RUNNING ] || break
    sleep 10
  done
  printf '%s\n' "$status" >&2
  if [ "$status" != SUCCEEDED ]; then
    aws stepfunctions describe-execution --execution-arn "$execution" --query '[error,cause]' --output text >&2
    fail "the smoke test ended as $status"
  fi
fi

say 'addresses'
"$terraform" output
say 'what it costs'
grep 'scheduled in all' "$here/compile.log" >&2 || true
printf 'Everything else by part and month: deploy/aws/README.md.\n' >&2
