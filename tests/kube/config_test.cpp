#include "kube/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kube/token_source.hpp"
#include "platform/event_loop.hpp"
#include "tests/kube/client_fixture.hpp"

namespace troupe::kube {
namespace {

using testing::HasSubstr;

/// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "kube_test.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string path(const std::string& name = "") const {
    return name.empty() ? path_ : path_ + "/" + name;
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  void script(const std::string& name, const std::string& text) const {
    write(name, "#!/bin/sh\n" + text);
    ::chmod(path(name).c_str(), 0755);
  }

 private:
  std::string path_;
};

/// Sets variables and puts the old ones back.
class Variables {
 public:
  explicit Variables(std::map<std::string, std::string> values) {
    for (const auto& [name, value] : values) {
      const char* old = std::getenv(name.c_str());
      old_[name] = old == nullptr ? std::nullopt : std::optional<std::string>(old);
      value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), value.c_str(), 1);
    }
  }
  ~Variables() {
    for (const auto& [name, value] : old_) {
      value.has_value() ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
    }
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;

 private:
  std::map<std::string, std::optional<std::string>> old_;
};

std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
         "contexts:\n- name: dev\n  context: {cluster: c, user: u, namespace: shop}\n"
         "- name: other\n  context: {cluster: c}\n"
         "clusters:\n- name: c\n  cluster: " +
         cluster + "\nusers:\n- name: u\n  user: " + user + "\n";
}

std::string error_of(const std::string& text, const std::string& context = "") {
  const auto config = parse_kubeconfig(text, "/nowhere", context);
  return config.ok() ? "accepted" : config.error().message;
}

TEST(Kubeconfig, reads_inline_data) {
  const auto config = parse_kubeconfig(
      kubeconfig("{server: 'https://10.0.0.1:6443/', certificate-authority-data: Q0E=, tls-server-name: kubernetes}",
                 "{client-certificate-data: Q0VSVA==, client-key-data: S0VZ, token: abc}"),
      "/");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->server, "https://10.0.0.1:6443");
  EXPECT_EQ(config->namespace_name, "shop");
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_EQ(config->tls_server_name, "kubernetes");
  EXPECT_EQ(config->client_certificate_pem, "CERT");
  EXPECT_EQ(config->client_key_pem, "KEY");
  EXPECT_EQ(*config->token->token(), "abc");
}

TEST(Kubeconfig, reads_files_relative_to_its_own_folder) {
  const Folder folder;
  folder.write("ca.crt", "CA");
  folder.write("me.crt", "CERT");
  folder.write("me.key", "KEY");
  folder.write("token", " abc\n");
  folder.write("config", kubeconfig("{server: 'https://a', certificate-authority: ca.crt, proxy-url: 'http://p:1'}",
                                    "{client-certificate: me.crt, client-key: " + folder.path("me.key") +
                                        ", tokenFile: token, token: ignored}"));
  const auto config = load_kubeconfig(folder.path("config"));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_EQ(config->client_certificate_pem, "CERT");
  EXPECT_EQ(config->client_key_pem, "KEY");
  EXPECT_EQ(config->proxy_url, "http://p:1");
  EXPECT_EQ(*config->token->token(), "abc");
}

TEST(Kubeconfig, a_context_can_be_named_and_needs_no_user) {
  const auto config =
      parse_kubeconfig(kubeconfig("{server: 'http://a', insecure-skip-tls-verify: true}", "{}"), "/", "other");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->namespace_name, "default");
  EXPECT_TRUE(config->insecure_skip_tls_verify);
  EXPECT_EQ(config->token, nullptr);
}

TEST(Kubeconfig, errors_name_the_field) {
  const std::string good = "{server: 'https://a'}";
  EXPECT_THAT(error_of("a: [b"), HasSubstr("kubeconfig: line "));
  EXPECT_THAT(error_of("[]"), HasSubstr("the document: must be a mapping"));
  EXPECT_THAT(error_of("{}"), HasSubstr("current-context: is missing"));
  EXPECT_THAT(error_of("current-context: x"), HasSubstr("contexts: must be a list"));
  EXPECT_THAT(error_of(kubeconfig(good, "{}"), "none"), HasSubstr("contexts: has no entry named 'none'"));
  EXPECT_THAT(error_of("current-context: x\ncontexts: [{name: x}]"),
              HasSubstr("contexts[0].context.cluster: is missing"));
  EXPECT_THAT(error_of("current-context: x\ncontexts: [7]"), HasSubstr("contexts[0].name"));
  EXPECT_THAT(error_of("current-context: x\ncontexts: [{name: x, context: 5}]"),
              HasSubstr("contexts[0].context: must be"));
  EXPECT_THAT(error_of(kubeconfig("{}", "{}")), HasSubstr("clusters[0].cluster.server: is missing"));
  EXPECT_THAT(error_of(kubeconfig("{server: [1]}", "{}")), HasSubstr("clusters[0].cluster.server: must be text"));
  EXPECT_THAT(error_of(kubeconfig("{server: 'a:1'}", "{}")), HasSubstr("clusters[0].cluster.server: URL 'a:1'"));
  EXPECT_THAT(error_of(kubeconfig("{server: 'https://a', certificate-authority-data: '%%'}", "{}")),
              HasSubstr("clusters[0].cluster.certificate-authority-data: is not base64"));
  EXPECT_THAT(error_of(kubeconfig("{server: 'https://a', certificate-authority: none}", "{}")),
              HasSubstr("clusters[0].cluster.certificate-authority: /nowhere/none cannot be opened"));
  EXPECT_THAT(error_of(kubeconfig("{server: 'https://a', insecure-skip-tls-verify: maybe}", "{}")),
              HasSubstr("insecure-skip-tls-verify: must be true or false"));
  EXPECT_THAT(error_of(kubeconfig(
                  "{server: 'https://a', insecure-skip-tls-verify: true, certificate-authority-data: Q0E=}", "{}")),
              HasSubstr("insecure-skip-tls-verify: cannot be set beside"));
  EXPECT_THAT(error_of(kubeconfig(good, "{client-certificate-data: Q0E=}")),
              HasSubstr("users[0].user.client-key: client-certificate and client-key must be given together"));
  EXPECT_THAT(error_of(kubeconfig(good, "{username: me}")), HasSubstr("users[0].user.username: basic authentication"));
  EXPECT_THAT(error_of(kubeconfig(good, "{auth-provider: {name: gcp}}")), HasSubstr("users[0].user.auth-provider"));
  EXPECT_THAT(error_of(kubeconfig(good, "{exec: text}")), HasSubstr("users[0].user.exec: must be a mapping"));
  EXPECT_THAT(error_of(kubeconfig(good, "{exec: {}}")), HasSubstr("users[0].user.exec.command: is missing"));
  EXPECT_THAT(error_of(kubeconfig(good, "{exec: {command: x}}")), HasSubstr("users[0].user.exec.apiVersion: must be"));
  const std::string exec = "{exec: {command: x, apiVersion: client.authentication.k8s.io/v1, ";
  EXPECT_THAT(error_of(kubeconfig(good, exec + "args: x}}")), HasSubstr("users[0].user.exec.args: must be a list"));
  EXPECT_THAT(error_of(kubeconfig(good, exec + "args: [[]]}}")), HasSubstr("users[0].user.exec.args: must hold text"));
  EXPECT_THAT(error_of(kubeconfig(good, exec + "env: [{name: x}]}}")), HasSubstr("users[0].user.exec.env: each entry"));
  EXPECT_THAT(error_of(std::string(5U << 20U, ' ')), HasSubstr("larger than 4 MiB"));
}

TEST(Kubeconfig, a_missing_file_is_named) {
  const auto config = load_kubeconfig("/nowhere/config");
  EXPECT_EQ(config.error().code, ErrorCode::not_found);
  EXPECT_THAT(config.error().message, HasSubstr("/nowhere/config cannot be opened"));
}

TEST(FindConfig, takes_the_first_existing_file_of_the_variable) {
  const Folder folder;
  folder.write("two", kubeconfig("{server: 'https://two'}", "{}"));
  const Variables variables({{"KUBECONFIG", folder.path("one") + "::" + folder.path("two")}, {"HTTPS_PROXY", ""}});
  EXPECT_EQ(find_config("")->server, "https://two:443");
  folder.write("one", kubeconfig("{server: 'https://one'}", "{}"));
  EXPECT_EQ(find_config("")->server, "https://one:443");
  EXPECT_EQ(find_config(folder.path("two"))->server, "https://two:443");
}

TEST(FindConfig, says_which_places_it_looked_at) {
  const Folder folder;
  {
    const Variables variables({{"KUBECONFIG", folder.path("none")}});
    EXPECT_THAT(find_config("").error().message, HasSubstr("KUBECONFIG: none of its files exists"));
  }
  const Variables variables({{"KUBECONFIG", ""}, {"KUBERNETES_SERVICE_HOST", ""}, {"HOME", folder.path()}});
  EXPECT_THAT(find_config("").error().message, HasSubstr(folder.path() + "/.kube/config"));
}

TEST(FindConfig, takes_the_proxy_from_the_environment) {
  const Folder folder;
  folder.write("config", kubeconfig("{server: 'https://api.example'}", "{}"));
  const Variables variables({{"HTTPS_PROXY", "http://p:3128"}, {"NO_PROXY", ""}, {"no_proxy", ""}});
  EXPECT_EQ(load_kubeconfig(folder.path("config"))->proxy_url, "http://p:3128");
}

TEST(InClusterConfig, reads_the_service_account) {
  const Folder folder;
  folder.write("ca.crt", "CA");
  folder.write("token", "abc\n");
  folder.write("namespace", "shop\n");
  const Variables variables({{"KUBERNETES_SERVICE_HOST", "10.96.0.1"},
                             {"KUBERNETES_SERVICE_PORT", "443"},
                             {"TROUPE_SERVICE_ACCOUNT_DIR", folder.path()},
                             {"KUBECONFIG", ""},
                             {"HTTPS_PROXY", ""},
                             {"https_proxy", ""}});
  const auto config = find_config("");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->server, "https://10.96.0.1:443");
  EXPECT_EQ(config->ca_file, folder.path("ca.crt"));
  EXPECT_EQ(config->namespace_name, "shop");
  EXPECT_EQ(*config->token->token(), "abc");
}

TEST(InClusterConfig, uses_the_services_name_where_its_address_is_ipv6) {
  const Folder folder;
  folder.write("ca.crt", "CA");
  folder.write("token", "abc");
  const Variables variables({{"KUBERNETES_SERVICE_HOST", "fd00::1"},
                             {"KUBERNETES_SERVICE_PORT", "443"},
                             {"TROUPE_SERVICE_ACCOUNT_DIR", folder.path()}});
  EXPECT_EQ(in_cluster_config()->server, "https://kubernetes.default.svc:443");
}

TEST(InClusterConfig, errors_name_what_is_missing) {
  const Folder folder;
  const Variables variables({{"KUBERNETES_SERVICE_HOST", "10.96.0.1"},
                             {"KUBERNETES_SERVICE_PORT", "443"},
                             {"TROUPE_SERVICE_ACCOUNT_DIR", folder.path()},
                             {"KUBECONFIG", ""}});
  EXPECT_THAT(find_config("").error().message, HasSubstr("ca.crt is missing"));
  folder.write("ca.crt", "CA");
  EXPECT_THAT(find_config("").error().message, HasSubstr("token: missing, unreadable or empty"));
}

TEST(FileToken, is_read_again_each_minute_and_when_refused) {
  const Folder folder;
  ManualClock clock;
  folder.write("token", "one\n");
  const auto token = file_token(folder.path("token"), clock);
  EXPECT_EQ(*token->token(), "one");
  folder.write("token", "two\n");
  clock.advance(std::chrono::seconds(59));
  EXPECT_EQ(*token->token(), "one");
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(*token->token(), "two");
  folder.write("token", "three");
  token->invalidate();
  EXPECT_EQ(*token->token(), "three");
}

TEST(FileToken, keeps_the_old_one_while_the_file_is_away) {
  const Folder folder;
  ManualClock clock;
  const auto token = file_token(folder.path("token"), clock);
  EXPECT_EQ(token->token().error().code, ErrorCode::not_found);
  folder.write("token", "one");
  EXPECT_EQ(*token->token(), "one");
  std::filesystem::remove(folder.path("token"));
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(*token->token(), "one");
  folder.write("token", " \n");
  token->invalidate();
  EXPECT_EQ(*token->token(), "one");
  folder.write("token", "two");
  EXPECT_EQ(*token->token(), "two");
}

class ExecTokenTest : public testing::Test {
 protected:
  std::shared_ptr<TokenSource> plugin(const std::string& script,
                                      std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
    folder.script("plugin", script);
    return exec_token({.argv = {folder.path("plugin"), "argument"},
                       .env = {{"EXTRA", "extra"}},
                       .api_version = "client.authentication.k8s.io/v1",
                       .working_dir = {},
                       .install_hint = "get it from the shop",
                       .cluster_info_json = R"({"server":"https://a"})",
                       .timeout = timeout},
                      clock);
  }
  static std::string answer(const std::string& status) {
    return R"(echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" + status +
           "}'\n";
  }

  Folder folder;
  ManualClock clock;
};

TEST_F(ExecTokenTest, gives_the_programs_token_and_tells_it_about_the_cluster) {
  const auto token =
      plugin("echo \"$1 $EXTRA $KUBERNETES_EXEC_INFO\" > " + folder.path("seen") + "\n" + answer(R"({"token":"abc"})"));
  const auto given = token->token();
  ASSERT_TRUE(given.ok()) << given.error().message;
  EXPECT_EQ(*given, "abc");
  std::ifstream in(folder.path("seen"));
  std::string seen;
  std::getline(in, seen);
  EXPECT_THAT(seen, HasSubstr("argument extra {"));
  EXPECT_THAT(seen, HasSubstr(R"("cluster":{"server":"https://a"})"));
}

TEST_F(ExecTokenTest, runs_the_program_again_before_the_token_expires_and_when_refused) {
  const auto token =
      plugin("echo x >> " + folder.path("runs") + "\nn=$(wc -l < " + folder.path("runs") + ")\n" +
             R"(echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{)" +
             R"("expirationTimestamp":"2026-01-31T09:00:00Z","token":"t'$n'"}}')" + "\n");
  EXPECT_EQ(*token->token(), "t1");
  clock.advance(std::chrono::minutes(59));
  EXPECT_EQ(*token->token(), "t1");
  clock.advance(std::chrono::seconds(50));
  EXPECT_EQ(*token->token(), "t2");
  clock.set_wall(WallTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31)));
  EXPECT_EQ(*token->token(), "t2");
  token->invalidate();
  EXPECT_EQ(*token->token(), "t3");
}

TEST_F(ExecTokenTest, errors_say_what_the_program_did) {
  const auto error = [&](const std::string& script) {
    const auto token = plugin(script)->token();
    return token.ok() ? "accepted" : token.error().message;
  };
  EXPECT_THAT(error("echo no rights >&2; exit 3"), HasSubstr("exit code 3: no rights"));
  EXPECT_THAT(error("kill -9 $$"), HasSubstr("signal 9"));
  EXPECT_THAT(error("echo hello"), HasSubstr("its output: not JSON"));
  EXPECT_THAT(error("echo '{\"kind\":\"Pod\"}'"), HasSubstr("not an ExecCredential"));
  EXPECT_THAT(error("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"v7\"}'"), HasSubstr("apiVersion 'v7'"));
  EXPECT_THAT(error(answer("7")), HasSubstr("has no status"));
  EXPECT_THAT(error(answer("{}")), HasSubstr("no status.token"));
  EXPECT_THAT(error(answer(R"({"clientCertificateData":"x"})")), HasSubstr("only tokens are supported"));
  EXPECT_THAT(error(answer(R"({"token":"x","expirationTimestamp":"soon"})")), HasSubstr("'soon' is no RFC 3339 time"));
  EXPECT_THAT(error("head -c 3000000 /dev/zero"), HasSubstr("wrote more than"));
}

TEST_F(ExecTokenTest, a_program_that_hangs_is_ended) {
  const auto token = plugin("exec sleep 1000", std::chrono::milliseconds(300));
  EXPECT_EQ(token->token().error().code, ErrorCode::timeout);
}

TEST_F(ExecTokenTest, a_missing_program_comes_with_its_hint) {
  const auto token = exec_token({.argv = {"/nowhere/plugin"},
                                 .env = {},
                                 .api_version = "client.authentication.k8s.io/v1",
                                 .working_dir = {},
                                 .install_hint = "get it from the shop",
                                 .cluster_info_json = {}},
                                clock);
  const auto given = token->token();
  EXPECT_EQ(given.error().code, ErrorCode::not_found);
  EXPECT_THAT(given.error().message, HasSubstr("get it from the shop"));
}

}  // namespace
}  // namespace troupe::kube
