set -u
umask 077
export AWS_PAGER='' AWS_MAX_ATTEMPTS="${AWS_MAX_ATTEMPTS:-10}"
at_once=${1:-8}
here=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region)}}
place=${TMPDIR:-/tmp}/layershare-live.$$
mkdir "$place" || exit 2
trap 'rm -rf "$place"' EXIT
trap 'exit 130' HUP INT TERM
number=0
running=0
layers=' '

# Runs a command while others run. Its output goes to a file.
beside() {
  number=$((number + 1))
  { "$@" >"$place/$number" || : >"$place/failed"; } &
  running=$((running + 1))
  if [ "$running" -ge "$at_once" ]; then
    wait
    running=0
  fi
}

# Waits for all of them.
finished() {
  wait
  running=0
  if [ -e "$place/failed" ]; then
    echo 'live: not everything could be read, so nothing is written' >&2
    exit 1
  fi
}

# A stack, its region, and layers that are known to be its own.
stack() {
  region=${2:-$here}
  if [ -z "$region" ]; then
    echo "live: no region is known for the stack $1: set AWS_DEFAULT_REGION" >&2
    exit 2
  fi
  beside resources "$1" "$region"
  shift 2
  for name in "$@"; do
    layer "$name" "$region"
  done
}

# A stack that does not exist is not deployed yet, or has another name. The others are still read.
resources() {
  fields='{LogicalResourceId: LogicalResourceId, PhysicalResourceId: PhysicalResourceId,'
  fields="$fields ResourceStatus: ResourceStatus}"
  if aws cloudformation list-stack-resources --stack-name "$1" --region "$2" --output json --query \
    "{StackName: '$1', Region: '$2', StackResourceSummaries: StackResourceSummaries[].$fields}" \
    2>"$place/$number.error"; then
    tr , '\n' <"$place/$number" |
      sed -n 's/.*"PhysicalResourceId": *"\(arn:[^"]*:layer:[^"]*\)".*/\1/p' >"$place/$number.arns"
    return
  fi
  said=$(cat "$place/$number.error")
  case $said in
  *ValidationError*'does not exist'*)
    echo "live: there is no stack $1 in $2: it is not deployed yet, or has another name" >&2
    printf '{"StackName": "%s", "Region": "%s", "StackResourceSummaries": []}\n' "$1" "$2"
    ;;
  *)
    printf '%s\n' "$said" >&2
    return 1
    ;;
  esac
}

layer() {
  case $layers in
  *" $1/$2 "*) ;;
  *) layers="$layers$1/$2 " ;;
  esac
}

# A layer that does not exist has no versions.
versions() {
  if aws lambda list-layer-versions --layer-name "$1" --region "$2" --output text \
    --query 'LayerVersions[].[LayerVersionArn]' >"$place/$number.versions" 2>"$place/$number.error"
  then
    return
  fi
  said=$(cat "$place/$number.error")
  case $said in
  *ResourceNotFoundException*) ;;
  *)
    printf '%s\n' "$said" >&2
    return 1
    ;;
  esac
}

# A version that nobody was ever granted has no policy. That is no error.
policy() {
  if aws lambda get-layer-version-policy --region "$1" --layer-name "$2" --version-number "$3" \
    --output json 2>"$place/$number.error"; then
    return
  fi
  said=$(cat "$place/$number.error")
  case $said in
  *ResourceNotFoundException*) printf '{"LayerVersionArn": "%s", "Policy": null}\n' "$4" ;;
  *)
    printf '%s\n' "$said" >&2
    return 1
    ;;
  esac
}

# Calls a function with the region, the layer and the number in each ARN of some files.
each() {
  call=$1
  shift
  for file in "$@"; do
    [ -e "$file" ] || continue
    while IFS=: read -r arn partition service region account kind name version; do
      case $arn:$kind in
      arn:layer) "$call" "$region" "$name" "${version%%#*}" \
        "$arn:$partition:$service:$region:$account:$kind:$name:${version%%#*}" ;;
      esac
    done <"$file"
  done
}

found() { layer "$2" "$1"; }
ask() { beside policy "$@"; }

stacks
finished
each found "$place"/*.arns
for one in $layers; do
  beside versions "${one%/*}" "${one#*/}"
done
finished
each ask "$place"/*.versions
finished
one=1
while [ "$one" -le "$number" ]; do
  cat "$place/$one"
  one=$((one + 1))
done
