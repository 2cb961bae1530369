# Builds kube-apiserver and kube-controller-manager from Debian's source package `kubernetes`, which ships the whole
# tree with its vendor folder (its binary package holds kubectl alone). Sourced by scripts/real-kubernetes.
# Needs: $cache (see there). Gives: $programs_dir/kube-apiserver, $programs_dir/kube-controller-manager, find_etcd.

readonly kubernetes_commit=faecb196815e248d3ecfb03c680a4507229c2a56   # tag v1.20.2 of kubernetes/kubernetes
readonly go_root=/usr/lib/go-1.19
readonly built_programs=(kube-apiserver kube-controller-manager)
readonly recipe=3   # raised when a change below must replace programs that are already in a cache

programs_are_built() {
  local program
  [[ -f $programs_dir/recipe && $(<"$programs_dir/recipe") == "$recipe" ]] || return 1
  for program in "${built_programs[@]}"; do
    [[ -x $programs_dir/$program ]] || return 1
  done
  find_etcd >/dev/null
}

# Debian's etcd-server starts a service when it is installed, so a missing etcd is unpacked into the cache instead.
find_etcd() {
  command -v etcd || { [[ -x $programs_dir/etcd ]] && echo "$programs_dir/etcd"; }
}

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else
    command -v sudo >/dev/null || fail "root is needed for: $*; run it as root first, then this script again"
    sudo "$@"
  fi
}

install_tools() {
  local missing=()
  [[ -x $go_root/bin/go ]] || missing+=(golang-1.19-go)
  command -v rsync >/dev/null || missing+=(rsync)
  command -v jq >/dev/null || missing+=(jq)
  command -v dpkg-source >/dev/null || missing+=(dpkg-dev)
  command -v make >/dev/null || missing+=(make)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v curl >/dev/null || missing+=(curl)
  [[ ${#missing[@]} -eq 0 ]] && return
  progress "installing ${missing[*]}"
  as_root apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y "${missing[@]}" >/dev/null
}

# apt with source lists of its own, so that the system's sources stay as they are: every configured archive, with
# its deb-src line added.
prepare_private_apt() {
  local apt=$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed=""
  mkdir -p "$apt"/{lists/partial,cache/archives/partial}
  [[ -r $keyring ]] && signed="[signed-by=$keyring] "
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u |
    while read -r uri suite component; do
      [[ $uri == *debian* ]] || continue
      echo "deb $signed$uri $suite $component"
      echo "deb-src $signed$uri $suite $component"
    done >"$apt/sources.list"
  [[ -s $apt/sources.list ]] || fail "apt has no Debian archive configured (apt-get indextargets lists none): add one to /etc/apt/sources.list.d"
  private_apt=(apt-get -qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o "APT::Sandbox::User=$(id -un)")
  "${private_apt[@]}" update
}

# Prints nothing; leaves the package's files under $3.
unpack_binary_package() {
  local package=$1 downloads=$2 root=$3
  mkdir -p "$downloads" "$root"
  (cd "$downloads" && "${private_apt[@]}" download "$package")
  dpkg-deb -x "$downloads/$package"_*.deb "$root"
}

unpack_sources() {
  local work=$1 tree=$2 tarball
  mkdir -p "$work/source" "$tree"
  (cd "$work/source" && "${private_apt[@]}" source --download-only --tar-only kubernetes)
  tarball=$(find "$work/source" -name 'kubernetes_*.orig.tar.*' -print -quit)
  [[ -n $tarball ]] || fail "apt-get source kubernetes gave no .orig.tar file"
  [[ $tarball == *really1.20.2* ]] || fail "Debian's kubernetes source is no longer 1.20.2: $(basename "$tarball")"
  tar -xf "$tarball" -C "$tree" --strip-components=1
  rm -r "$work/source"
}

# 1.20 was written for Go 1.15; two of its vendored libraries behave otherwise when built with Go 1.19.
adapt_to_go() {
  local work=$1 tree=$2
  # reflect2 1.0.1 kills the server at the first custom resource.
  unpack_binary_package golang-github-modern-go-reflect2-dev "$work/packages" "$work/reflect2"
  rm -r "$tree/vendor/github.com/modern-go/reflect2"
  cp -r "$work/reflect2/usr/share/gocode/src/github.com/modern-go/reflect2" "$tree/vendor/github.com/modern-go/reflect2"
  # The validator of custom resources compares two reflect.Values by their pointers. Under Go 1.15 they always differ;
  # Go 1.19 shares one zero value, and every empty string would be refused as null.
  local validator=$tree/vendor/k8s.io/kube-openapi/pkg/validation/validate/type.go
  local broken='data == nil || reflect.DeepEqual(reflect.Zero(reflect.TypeOf(data)), reflect.ValueOf(data))'
  grep -qF "$broken" "$validator" || fail "$validator is not as expected"
  sed -i "s/if data == nil || reflect.DeepEqual(.*) {/if data == nil {/" "$validator"
  ! grep -qF "$broken" "$validator" || fail "$validator could not be adapted"
}

compile() {
  local work=$1 tree=$2 targets=("${built_programs[@]/#/cmd/}")
  env -u GOROOT -u GOFLAGS PATH="$go_root/bin:$PATH" GOPATH="$work/go" GOCACHE="$work/go-cache" GO111MODULE=off CGO_ENABLED=0 \
    KUBE_GIT_VERSION=v$version KUBE_GIT_MAJOR=1 KUBE_GIT_MINOR=20 KUBE_GIT_TREE_STATE=archive KUBE_GIT_COMMIT=$kubernetes_commit \
    nice -n 10 make -C "$tree" WHAT="${targets[*]}"
}

# Two callers never build twice: the second waits for the first one's lock and then finds the programs.
command_build() {
  [[ $# -eq 0 ]] || usage_error "build takes no arguments"
  programs_are_built && { progress "already built in $programs_dir"; return; }
  mkdir -p "$cache"
  exec {lock}>"$cache/build.lock"
  flock --nonblock "$lock" || { progress "another build is running; waiting for it"; flock "$lock"; }
  programs_are_built && { progress "built meanwhile in $programs_dir"; return; }

  local work=$cache/build tree=$cache/build/go/src/k8s.io/kubernetes started=$SECONDS
  [[ ! -e $work ]] || { chmod -R u+w "$work" && rm -rf "$work"; }
  mkdir -p "$work" "$programs_dir"
  install_tools
  progress "fetching the sources (34 MB)"
  prepare_private_apt "$work/apt"
  if ! find_etcd >/dev/null; then
    unpack_binary_package etcd-server "$work/packages" "$work/etcd"
    install -m 0755 "$work/etcd/usr/bin/etcd" "$programs_dir/etcd"
  fi
  unpack_sources "$work" "$tree"
  adapt_to_go "$work" "$tree"
  progress "compiling ${built_programs[*]} (about 10 minutes on 2 cores, 2 GB of disk meanwhile); log: $cache/build.log"
  if ! compile "$work" "$tree" >"$cache/build.log" 2>&1; then
    tail -n 20 "$cache/build.log" >&2
    fail "the build failed: see $cache/build.log"
  fi
  local program
  for program in "${built_programs[@]}"; do
    # By rename, so that a program is either whole or absent.
    install -m 0755 "$tree/_output/bin/$program" "$programs_dir/.$program.new"
    mv "$programs_dir/.$program.new" "$programs_dir/$program"
  done
  echo "$recipe" >"$programs_dir/recipe"
  chmod -R u+w "$work" && rm -rf "$work"
  progress "built in $((SECONDS - started)) s: $programs_dir"
}
