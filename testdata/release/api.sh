#!/usr/bin/env bash
# Compares the exported names of both modules with those of the last release. Until v1 they may change,
# but in a new minor version only. From v1 on, names may come with one, and none may go.
set -euo pipefail
version=$1 apidiff=$2
cd "$(git -C "$(dirname "$0")" rev-parse --show-toplevel)"
if ! last=$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null); then
	echo "API: no release has been made (no tag v…), so there is nothing to compare $version with"
	exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/last"
git archive "$last" | tar -x -C "$work/last"

# run is apidiff without its list of internal packages.
run() { { "$apidiff" -m "$@" 2>&1 >&3 | sed '/^Ignoring internal package/d' >&2; } 3>&1; }

for folder in . plugin/metrics; do
	module=$(cd $folder && go list -m)
	(cd "$work/last/$folder" && run -w "$work/old" "$module")
	(cd $folder && run -w "$work/new" "$module")
	run "$work/old" "$work/new" | tee -a "$work/changes"
	run -incompatible "$work/old" "$work/new" >>"$work/breaks"
done

minor=${last%%-*}
minor=${minor%.*}.
if [ -s "$work/changes" ] && [[ $version == "$minor"* ]]; then
	echo "API: names have changed since $last, so $version must be a new minor version" >&2
	exit 1
fi
if [ -s "$work/breaks" ] && [[ $last != v0.* ]]; then
	echo "API: names of $last are gone or differ, which $version may not do" >&2
	exit 1
fi
echo "API: compared with $last, $version is the right kind of version"
