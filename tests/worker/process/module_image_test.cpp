// Modules as shared objects: what is refused, and that two images of one source keep apart.
#include "worker/process/module_image.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

const fs::path modules = TROUPE_TEST_MODULES;

class Modules : public SimulatedNode {
 protected:
  Pid start(const ModuleImage& image, std::int64_t initial) {
    StartRequest request;
    request.process_class = image.find_class("Counter");
    request.arguments = Term::map({{atom("initial"), Term::integer(initial)}});
    auto started = runtime.start(request);
    EXPECT_TRUE(started.ok());
    return started ? *started : Pid{};
  }
  std::string ask(const Pid& pid, std::string_view what) {
    auto answer = runtime.call(pid, atom(what), 1s);
    return answer ? answer->text() : answer.error().message;
  }
};

ErrorCode refused(const fs::path& file) {
  auto image = ModuleImage::open(file);
  EXPECT_FALSE(image.ok());
  return image ? ErrorCode::internal : image.error().code;
}

TEST_F(Modules, run_their_classes) {
  auto image = ModuleImage::open(modules / "counter_one.so");
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ((*image)->class_names(), std::vector<std::string>{"Counter"});
  const Pid counter = start(**image, 5);
  runtime.post(counter, Term::tuple({atom("add"), Term::integer(2)}));
  EXPECT_EQ(ask(counter, "read"), "7");
  EXPECT_EQ(ask(counter, "nonsense"), "{error,{unknown_request,nonsense}}");
}

TEST_F(Modules, tell_why_a_start_failed) {
  auto image = ModuleImage::open(modules / "counter_one.so");
  ASSERT_TRUE(image.ok());
  StartRequest request;
  request.process_class = (*image)->find_class("Counter");
  request.arguments = Term::map({{atom("initial"), Term::integer(-1)}});
  auto started = runtime.start(request);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().text(), "{exception,<<\"initial must be >= 0\">>,<<\"std::invalid_argument\">>}");
  request.arguments = Term::map({{atom("inital"), Term::integer(1)}});
  started = runtime.start(request);
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().text().find("inital"), std::string::npos) << started.error().text();
}

TEST_F(Modules, of_one_source_share_nothing_and_talk_in_terms) {
  auto one = ModuleImage::open(modules / "counter_one.so");
  auto two = ModuleImage::open(modules / "counter_two.so");
  ASSERT_TRUE(one.ok() && two.ok());
  const Pid first = start(**one, 1);
  const Pid second = start(**two, 2);
  EXPECT_EQ(ask(second, "image"), "<<\"made 1\">>") << "statics of the two images are one";
  runtime.post(first, Term::tuple({atom("ask"), Term::pid(second)}));
  settle();
  EXPECT_EQ(ask(first, "last_answer"), "2");
  const Pid sibling = start(**one, 9);
  runtime.post(first, Term::tuple({atom("ask"), Term::pid(sibling)}));
  settle();
  EXPECT_EQ(ask(first, "last_answer"), "9");
}

TEST_F(Modules, that_throw_end_only_their_process) {
  auto image = ModuleImage::open(modules / "counter_one.so");
  ASSERT_TRUE(image.ok());
  const Pid counter = start(**image, 0);
  const Seen seen = nothing_seen();
  const Pid watcher = puppet(seen);
  run_in(watcher, [=] { troupe::monitor(counter); });
  runtime.post(counter, Term::tuple({atom("fail"), Term::binary("no luck")}));
  settle();
  EXPECT_EQ(*seen, std::vector<std::string>{"down {exception,<<\"no luck\">>,<<\"std::runtime_error\">>}"});
}

TEST_F(Modules, that_are_missing_are_not_found) { EXPECT_EQ(refused(modules / "none.so"), ErrorCode::not_found); }

TEST_F(Modules, run_their_coroutines_which_receive_selectively) {
  auto image = ModuleImage::open(modules / "session.so");
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ((*image)->class_names(), std::vector<std::string>{"session"});
  StartRequest request;
  request.process_class = (*image)->find_class("session");
  request.arguments = Term::map({{atom("words_max"), Term::integer(2)}});
  const auto started = runtime.start(request);
  ASSERT_TRUE(started.ok()) << started.error().text();
  const auto say = [&](const char* text) { runtime.post(*started, Term::tuple({atom("say"), Term::binary(text)})); };
  say("one");
  say("two");
  settle();
  EXPECT_EQ(runtime.process_info(*started)->mailbox_length, 2u);
  runtime.post(*started, Term::tuple({atom("login"), Term::binary("ada")}));
  EXPECT_EQ(ask(*started, "history"), "<<\"ada one two\">>");
  runtime.post(*started, Term::tuple({atom("ask"), Term::pid(runtime.spawn<Counter>(Counter::Args{7}))}));
  runtime.post(*started, Term::tuple({atom("ask"), Term::pid(Pid{0, 0, 1, 99})}));
  EXPECT_EQ(ask(*started, "history"), "<<\"ada one two read 7 no reply noproc\">>");
  runtime.post(*started, Term::tuple({atom("fail"), Term::binary("enough")}));
  settle();
  EXPECT_FALSE(runtime.alive(*started));
}

TEST_F(Modules, that_are_no_shared_objects_are_refused) {
  const fs::path text = fs::path(::testing::TempDir()) / "text.so";
  std::ofstream(text) << "this is no shared object";
  EXPECT_EQ(refused(text), ErrorCode::invalid_argument);
  std::ofstream(text, std::ios::trunc).flush();
  EXPECT_EQ(refused(text), ErrorCode::invalid_argument);
  fs::remove(text);
}

TEST_F(Modules, that_are_cut_short_anywhere_are_refused) {
  std::ifstream whole(modules / "wrong_abi.so", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(whole), {}};
  ASSERT_GT(bytes.size(), 1000u);
  const fs::path file = fs::path(::testing::TempDir()) / "short.so";
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    std::ofstream(file, std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(size));
    EXPECT_EQ(refused(file), ErrorCode::invalid_argument) << "cut after " << size << " bytes";
  }
  fs::remove(file);
}

TEST_F(Modules, that_are_plain_libraries_are_refused_by_name) {
  auto image = ModuleImage::open(modules / "no_module.so");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(image.error().message.find("TROUPE_MODULE"), std::string::npos);
}

TEST_F(Modules, that_export_more_than_their_entry_are_refused) {
  auto image = ModuleImage::open(modules / "exports_more.so");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(image.error().message.find("answer"), std::string::npos);
}

TEST_F(Modules, of_another_abi_are_unsupported) {
  EXPECT_EQ(refused(modules / "wrong_abi.so"), ErrorCode::unsupported);
}

}  // namespace
}  // namespace troupe
