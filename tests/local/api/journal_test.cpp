#include "local/api/journal_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

using nlohmann::json;

class JournalTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "troupe-journal-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  struct Opened {
    Store store;
    std::shared_ptr<JournalFile> journal;
  };
  std::unique_ptr<Opened> open() const {
    auto opened = std::make_unique<Opened>();
    KeptObjects kept;
    auto journal = JournalFile::open(dir_, kept);
    EXPECT_TRUE(journal.ok()) << (journal.ok() ? "" : journal.error().message);
    if (!journal.ok()) {
      return nullptr;
    }
    opened->journal = *journal;
    opened->store.load(kept.revision, std::move(kept.objects));
    opened->store.set_journal(opened->journal);
    return opened;
  }
  static void put(Store& store, const std::string& name, int value) {
    ASSERT_TRUE(store
                    .transact([&](Store::Transaction& transaction) {
                      transaction.put({Storage::config_maps, "default", name},
                                      {{"metadata", {{"name", name}, {"uid", name}}}, {"value", value}});
                      return true;
                    })
                    .ok());
  }
  static json value_of(const Store& store, const std::string& name) {
    const auto found = store.get({Storage::config_maps, "default", name});
    return found ? (*found->document)["value"] : json();
  }
  void append_raw(const std::string& text) const {
    std::ofstream(dir_ / "log.jsonl", std::ios::app | std::ios::binary) << text;
  }

  std::filesystem::path dir_;
};

TEST_F(JournalTest, objects_and_revisions_outlive_a_restart) {
  {
    auto first = open();
    put(first->store, "a", 1);
    put(first->store, "b", 2);
    put(first->store, "a", 3);
    ASSERT_TRUE(first->store
                    .transact([](Store::Transaction& transaction) {
                      transaction.remove({Storage::config_maps, "default", "b"});
                      return true;
                    })
                    .ok());
  }
  auto second = open();
  EXPECT_EQ(value_of(second->store, "a"), 3);
  EXPECT_TRUE(value_of(second->store, "b").is_null());
  EXPECT_EQ(second->store.revision(), 4U);
  put(second->store, "c", 5);
  EXPECT_EQ(second->store.revision(), 5U);
}

TEST_F(JournalTest, a_line_that_a_crash_cut_short_is_dropped) {
  {
    auto first = open();
    put(first->store, "a", 1);
  }
  append_raw("{\"revision\":2,\"changes\":[{\"resource\":\"configmaps\",\"name");
  auto second = open();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(value_of(second->store, "a"), 1);
  EXPECT_EQ(second->store.revision(), 1U);
  put(second->store, "b", 2);
  second.reset();
  EXPECT_EQ(value_of(open()->store, "b"), 2);
}

TEST_F(JournalTest, a_broken_line_in_the_middle_is_an_error_that_names_it) {
  {
    auto first = open();
    put(first->store, "a", 1);
  }
  append_raw("nonsense\n{\"revision\":3,\"changes\":[]}\n");
  KeptObjects kept;
  const auto refused = JournalFile::open(dir_, kept);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("line 2"), std::string::npos);
}

TEST_F(JournalTest, two_servers_cannot_share_a_folder) {
  auto first = open();
  KeptObjects kept;
  const auto refused = JournalFile::open(dir_, kept);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
}

TEST_F(JournalTest, a_snapshot_replaces_the_log) {
  {
    auto first = open();
    put(first->store, "a", 1);
    first->store.with_everything([&](std::uint64_t revision, const Store::Everything& everything) {
      EXPECT_TRUE(first->journal->write_snapshot(revision, everything).ok());
    });
    EXPECT_EQ(std::filesystem::file_size(dir_ / "log.jsonl"), 0U);
    put(first->store, "b", 2);
  }
  auto second = open();
  EXPECT_EQ(value_of(second->store, "a"), 1);
  EXPECT_EQ(value_of(second->store, "b"), 2);
}

}  // namespace
}  // namespace troupe::local
