# Sourced by the scripts: which Debian 12 packages each job needs, and a way to install those that are missing.

# Objects are found again whatever folder the repository was cloned into.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

PACKAGES_BUILD=(cmake ninja-build g++ ccache pkg-config libcpprest-dev libboost1.74-dev nlohmann-json3-dev prometheus-cpp-dev
  libssl-dev libspdlog-dev libfmt-dev libcli11-dev libyaml-cpp-dev zlib1g-dev)
PACKAGES_RUN=(procps)
PACKAGES_TEST=(libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev git python3 python3-yaml jq curl clang-format
  erlang-base erlang-crypto erlang-dev erlang-public-key erlang-ssl elixir libcaf-dev etcd-server prometheus golang-1.19-go golang-github-masterminds-sprig-dev iproute2 openssl)
# For scripts/test --nightly.
PACKAGES_NIGHTLY=(clang-19 clang-tidy-19 libclang-rt-19-dev)

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "Missing packages can only be installed as root; run as root or install sudo. Wanted: $*" >&2
    return 1
  fi
}

# install_packages NAME...: installs those that dpkg does not list as installed.
install_packages() {
  local missing=() name
  for name in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  echo "Installing ${#missing[@]} packages: ${missing[*]}"
  local log
  log=$(mktemp)
  # Packages that bring a service must not start it: only what the scripts start may listen here.
  local policy=/usr/sbin/policy-rc.d made_policy=0
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" && made_policy=1
  fi
  local status=0
  { as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 || status=$?
  ((made_policy)) && as_root rm -f "$policy"
  if ((status)); then
    tail -n 20 "$log" >&2
    echo "Could not install: ${missing[*]}" >&2
  fi
  rm -f "$log"
  return "$status"
}

# Any kubectl will do; Debian's own comes from kubernetes-client.
install_kubectl() {
  command -v kubectl >/dev/null || install_packages kubernetes-client
}
