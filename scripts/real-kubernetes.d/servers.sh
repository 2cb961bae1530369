# Starts and stops the servers of one state folder. Sourced by scripts/real-kubernetes.
#
# The folder: settings (sourced: ports, token), marker, tls/, etcd/, NAME.pid and NAME.log of each program, admin.kubeconfig.
# Every program listens on 127.0.0.1 alone and names the folder in its arguments, by which a recycled process id is told
# from ours.

readonly marker=real-kubernetes.state
readonly ready_timeout_seconds=120
readonly stop_timeout_seconds=10

umask 077

# --- arguments -------------------------------------------------------------------------------------------------------

state=$cache/state
kubeconfig_out=""
port=""
with_controller_manager=no

needs_value() { [[ $# -ge 2 && -n $2 ]] || usage_error "$1 needs a value"; }

parse_state_dir() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      --state-dir) needs_value "$@"; state=$2; shift 2 ;;
      *) usage_error "unknown argument '$1'" ;;
    esac
  done
  state=$(realpath -m "$state")
}

parse_up() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      --state-dir) needs_value "$@"; state=$2; shift 2 ;;
      --kubeconfig-out) needs_value "$@"; kubeconfig_out=$2; shift 2 ;;
      --port) needs_value "$@"; port=$2; shift 2 ;;
      --controller-manager) with_controller_manager=yes; shift ;;
      --node) usage_error "--node (a kubelet and real pods) is not supported yet; without it pods stay Pending" ;;
      *) usage_error "unknown argument '$1'" ;;
    esac
  done
  [[ -n $kubeconfig_out ]] || usage_error "up needs --kubeconfig-out FILE"
  [[ -z $port || $port =~ ^[1-9][0-9]{0,4}$ ]] || usage_error "--port '$port' is not a port number"
  state=$(realpath -m "$state")
}

load_settings() {
  [[ -f $state/$marker ]] || fail "no server in $state; start one with: real-kubernetes up"
  source "$state/settings"
}

# --- processes -------------------------------------------------------------------------------------------------------

# Prints the process id when the program runs.
running_pid() {
  local pid
  [[ -f $state/$1.pid ]] || return 1
  pid=$(<"$state/$1.pid")
  [[ -r /proc/$pid/cmdline ]] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$state/" && echo "$pid"
}

spawn() {
  local name=$1
  shift
  # A session of its own, and none of our descriptors: whoever waits for this script's output must not wait for it.
  setsid "$@" >>"$state/$name.log" 2>&1 </dev/null 9>&- &
  echo $! >"$state/$name.pid"
  disown
}

stop_program() {
  local name=$1 signal=$2 pid deadline
  pid=$(running_pid "$name") || { rm -f "$state/$name.pid"; return 0; }
  kill "-$signal" "$pid" 2>/dev/null || true
  deadline=$((SECONDS + stop_timeout_seconds))
  while running_pid "$name" >/dev/null; do
    [[ $SECONDS -lt $deadline ]] || kill -KILL "$pid" 2>/dev/null || true
    sleep 0.05
  done
  rm -f "$state/$name.pid"
}

# Waits until the command succeeds, the program ends or the time is up; $1 is the program whose log explains.
wait_until() {
  local name=$1 what=$2 deadline=$((SECONDS + ready_timeout_seconds))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! running_pid "$name" >/dev/null; then
      tail -n 15 "$state/$name.log" >&2
      fail "$name ended before $what"
    fi
    if [[ $SECONDS -ge $deadline ]]; then
      tail -n 15 "$state/$name.log" >&2
      fail "$name: not $what after $ready_timeout_seconds s"
    fi
    sleep 0.1
  done
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the kernel's ephemeral range, so that no outgoing connection takes the port while we start.
free_port() {
  local candidate attempt
  for attempt in {1..200}; do
    candidate=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    port_is_free "$candidate" && { echo "$candidate"; return; }
  done
  fail "no free port found between 20000 and 32000"
}

# --- what the servers need -------------------------------------------------------------------------------------------

make_certificates() {
  local tls=$state/tls
  mkdir -p "$tls"
  openssl ecparam -name prime256v1 -genkey -noout -out "$tls/ca.key"
  openssl req -x509 -new -key "$tls/ca.key" -days 3650 -subj "/CN=real-kubernetes-ca" -out "$tls/ca.crt" \
    -addext "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"
  openssl ecparam -name prime256v1 -genkey -noout -out "$tls/server.key"
  openssl req -new -key "$tls/server.key" -subj "/CN=kube-apiserver" -out "$tls/server.csr"
  openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.crt" -CAkey "$tls/ca.key" -CAcreateserial -days 3650 -out "$tls/server.crt" \
    -extfile <(printf '%s\n' "subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc" \
      "extendedKeyUsage=serverAuth" "keyUsage=digitalSignature") 2>/dev/null
  # What the API server shows to kubelets for logs and exec.
  openssl ecparam -name prime256v1 -genkey -noout -out "$tls/kubelet-client.key"
  openssl req -new -key "$tls/kubelet-client.key" -subj "/CN=kube-apiserver-kubelet-client" -out "$tls/kubelet-client.csr"
  openssl x509 -req -in "$tls/kubelet-client.csr" -CA "$tls/ca.crt" -CAkey "$tls/ca.key" -CAcreateserial -days 3650 \
    -out "$tls/kubelet-client.crt" -extfile <(printf 'extendedKeyUsage=clientAuth\n') 2>/dev/null
  openssl genrsa -traditional -out "$tls/sa.key" 2048 2>/dev/null
}

write_kubeconfig() {
  local file=$1
  rm -f "$file"
  cat >"$file" <<KUBECONFIG
apiVersion: v1
kind: Config
clusters:
- name: real-kubernetes
  cluster:
    server: https://127.0.0.1:$port
    certificate-authority-data: $(base64 -w 0 "$state/tls/ca.crt")
users:
- name: admin
  user:
    token: $token
contexts:
- name: real-kubernetes
  context: {cluster: real-kubernetes, user: admin, namespace: default}
current-context: real-kubernetes
KUBECONFIG
}

get() { curl -sf --max-time 5 --cacert "$state/tls/ca.crt" -H "Authorization: Bearer $token" "https://127.0.0.1:$port$1"; }

# --- the servers -----------------------------------------------------------------------------------------------------

start_etcd() {
  local client=http://127.0.0.1:$etcd_port peer=http://127.0.0.1:$etcd_peer_port
  spawn etcd "$(find_etcd)" --data-dir="$state/etcd" --listen-client-urls="$client" --advertise-client-urls="$client" \
    --listen-peer-urls="$peer" --initial-advertise-peer-urls="$peer" --initial-cluster="default=$peer" --log-level=warn
  wait_until etcd healthy curl -sf --max-time 5 "$client/health"
}

start_apiserver() {
  local tls=$state/tls
  spawn kube-apiserver "$programs_dir/kube-apiserver" \
    --etcd-servers="http://127.0.0.1:$etcd_port" \
    --bind-address=127.0.0.1 --secure-port="$port" --cert-dir="$tls" \
    --advertise-address=127.0.0.1 --endpoint-reconciler-type=none \
    --tls-cert-file="$tls/server.crt" --tls-private-key-file="$tls/server.key" --client-ca-file="$tls/ca.crt" \
    --service-cluster-ip-range=10.96.0.0/16 \
    --service-account-key-file="$tls/sa.key" --service-account-signing-key-file="$tls/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc --api-audiences=https://kubernetes.default.svc \
    --kubelet-client-certificate="$tls/kubelet-client.crt" --kubelet-client-key="$tls/kubelet-client.key" \
    --kubelet-preferred-address-types=InternalIP \
    --authorization-mode=RBAC --token-auth-file="$state/tokens.csv" --disable-admission-plugins=ServiceAccount
  wait_until kube-apiserver ready get /readyz
}

start_controller_manager() {
  local tls=$state/tls
  # The default of 20 requests a second would measure the limit, not the controllers.
  spawn kube-controller-manager "$programs_dir/kube-controller-manager" \
    --kubeconfig="$state/admin.kubeconfig" --leader-elect=false --bind-address=127.0.0.1 --port=0 --secure-port=0 --cert-dir="$tls" \
    --service-account-private-key-file="$tls/sa.key" --root-ca-file="$tls/ca.crt" --kube-api-qps=1000 --kube-api-burst=1000
  wait_until kube-controller-manager "at work (no default ServiceAccount)" get /api/v1/namespaces/default/serviceaccounts/default
}

# --- commands --------------------------------------------------------------------------------------------------------

command_up() {
  parse_up "$@"
  programs_are_built || (command_build)
  [[ ! -e $state/$marker ]] || fail "$state holds a server already; stop it first: real-kubernetes down --state-dir $state"
  [[ ! -e $state || -z $(ls -A "$state") ]] || fail "$state is not empty and not ours: name another folder with --state-dir"
  [[ -z $port ]] || port_is_free "$port" || fail "port $port is in use"
  mkdir -p "$state"
  touch "$state/$marker"
  trap 'remove_state' EXIT
  trap 'exit 130' INT TERM

  # One starter at a time, so that two never choose the same free port.
  exec 9>"$cache/up.lock"
  flock 9
  port=${port:-$(free_port)}
  local etcd_port etcd_peer_port token
  etcd_port=$(free_port)
  etcd_peer_port=$(free_port)
  token=$(openssl rand -hex 24)
  printf '%s=%s\n' port "$port" etcd_port "$etcd_port" token "$token" >"$state/settings"
  echo "$token,admin,admin,system:masters" >"$state/tokens.csv"
  make_certificates
  write_kubeconfig "$state/admin.kubeconfig"
  start_etcd
  start_apiserver
  flock --unlock 9
  [[ $with_controller_manager == no ]] || start_controller_manager
  write_kubeconfig "$kubeconfig_out"
  trap - EXIT INT TERM
  progress "ready on https://127.0.0.1:$port; kubeconfig in $kubeconfig_out"
}

remove_state() {
  stop_program kube-controller-manager KILL
  stop_program kube-apiserver KILL
  stop_program etcd KILL
  rm -rf "$state"
}

command_down() {
  parse_state_dir "$@"
  [[ -e $state ]] || { progress "nothing runs in $state"; return; }
  # The marker alone proves that the folder is ours to remove; a killed `up` may have written nothing else.
  [[ -f $state/$marker ]] || fail "$state is not a state folder of real-kubernetes: it stays"
  remove_state
  progress "stopped; $state removed"
}

# KILL, as a crash would: whatever talks to the server must survive that.
command_stop_apiserver() {
  parse_state_dir "$@"
  load_settings
  stop_program kube-apiserver KILL
  # The kernel closes a killed program's sockets a moment after the program itself is no longer to be seen.
  local deadline=$((SECONDS + stop_timeout_seconds))
  until port_is_free "$port"; do
    [[ $SECONDS -lt $deadline ]] || fail "port $port is still in use"
    sleep 0.02
  done
}

command_start_apiserver() {
  parse_state_dir "$@"
  load_settings
  ! running_pid kube-apiserver >/dev/null || fail "the API server of $state runs already"
  port_is_free "$port" || fail "port $port is in use by another program"
  start_apiserver
}

command_restart_apiserver() {
  command_stop_apiserver "$@"
  start_apiserver
}

# Makes etcd forget every revision up to now, as the API server itself does every 5 minutes: older list and watch
# positions then answer 410.
command_compact() {
  parse_state_dir "$@"
  load_settings
  local revision
  revision=$(curl -sf --max-time 10 "http://127.0.0.1:$etcd_port/v3/kv/range" -d '{"key":"AA=="}' | jq -r .header.revision)
  curl -sf --max-time 10 "http://127.0.0.1:$etcd_port/v3/kv/compaction" -d "{\"revision\":\"$revision\",\"physical\":true}" >/dev/null
}
