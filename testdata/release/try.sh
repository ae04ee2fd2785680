#!/usr/bin/env bash
# Tries a release before it is made: runs the commands of CONTRIBUTING.md on a copy of the work tree, then gets
# both modules into an empty folder as a user does, and builds programs with them. It leaves the repository alone.
set -euo pipefail
version=$1
module=github.com/socketio-sessions/socketio-sessions
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
say() { printf '\n=== %s\n' "$*"; }

say "a copy of the work tree, with what is not committed"
export GIT_AUTHOR_NAME=try GIT_AUTHOR_EMAIL=try@localhost GIT_COMMITTER_NAME=try GIT_COMMITTER_EMAIL=try@localhost
git init -q --bare "$work/origin"
git clone -q "$root" "$work/copy"
cd "$work/copy"
git config commit.gpgsign false
git config tag.gpgsign false
git remote set-url origin "$work/origin"
git checkout -q -B main
git --work-tree="$root" add -A
git commit -q --allow-empty -m "what is not committed"
git reset -q --hard

say "the commands of CONTRIBUTING.md, V=$version"
awk '/^## /{ here = /A release$/ } here && /^```/{ block = !block; next } here && block' CONTRIBUTING.md >"$work/commands"
[ -s "$work/commands" ]
V=$version bash -euxo pipefail "$work/commands"

say "go get in an empty folder"
# The user's git finds our copy at GitHub's address. What others have written comes from the module
# cache of this machine, or its proxy; a cache of its own keeps the tried version out of that one.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.$work/origin.insteadOf" GIT_CONFIG_VALUE_0="https://$module"
GOPROXY=file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)
export GOPROXY GOPRIVATE=$module GOMODCACHE=$work/modules GOFLAGS=-modcacherw GOWORK=off
mkdir "$work/user"
cd "$work/user"
go mod init example.com/user
go get "$module/plugin/metrics@$version" # alone it must bring the root of the same version
go list -m "$module" | grep -Fx "$module $version"
go get "$module@$version"

say "programs of README.md, plugin/metrics and cmd/demo/examples, built and vetted, and an app's test run"
mkdir readme metrics app
cp "$work/copy/testdata/readme/main.go" readme/
cp "$work/copy/plugin/metrics/example_test.go" metrics/
cp "$work/copy/plugin/plugintest/comment_test.go" app/
cp -r "$work/copy"/cmd/demo/examples/{nethttp,chat,login,everywhere,tickets} .
go mod tidy
go list -m "$module" "$module/plugin/metrics" | grep -cF " $version" | grep -qx 2
go build -o "$work/programs/" ./...
go vet ./...
go test -v -run '^TestClick$' ./app | tee /dev/stderr | grep -qF -- '--- PASS: TestClick'
go list ./...

say "$version can be released: its modules can be got and used"
