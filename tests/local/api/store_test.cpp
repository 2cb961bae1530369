#include "local/api/store.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

using nlohmann::json;

const ObjectKey first_key{Storage::config_maps, "default", "a"};

json document(const std::string& name, int value = 0) {
  return {{"metadata", {{"name", name}, {"namespace", "default"}, {"uid", "uid-" + name}}}, {"value", value}};
}

void put(Store& store, const ObjectKey& key, const json& content) {
  ASSERT_TRUE(store
                  .transact([&](Store::Transaction& transaction) {
                    transaction.put(key, content);
                    return true;
                  })
                  .ok());
}

TEST(Store, every_write_and_delete_gets_the_next_revision) {
  Store store;
  put(store, first_key, document("a"));
  EXPECT_EQ(store.revision(), 1U);
  put(store, first_key, document("a", 1));
  ASSERT_TRUE(store
                  .transact([](Store::Transaction& transaction) {
                    EXPECT_EQ(transaction.remove(first_key).revision, 3U);
                    return true;
                  })
                  .ok());
  EXPECT_EQ(store.revision(), 3U);
  EXPECT_FALSE(store.get(first_key));
}

TEST(Store, a_transaction_that_is_not_kept_leaves_no_trace) {
  Store store;
  put(store, first_key, document("a"));
  int seen = 0;
  const auto watch = store.watch(Storage::config_maps, 1, [&](const Change&) { ++seen; });
  ASSERT_TRUE(watch.has_value());
  ASSERT_TRUE(store
                  .transact([](Store::Transaction& transaction) {
                    transaction.put(first_key, document("a", 5));
                    transaction.put({Storage::config_maps, "default", "b"}, document("b"));
                    transaction.remove(first_key);
                    EXPECT_TRUE(transaction.find_uid("uid-b").has_value());
                    return false;
                  })
                  .ok());
  EXPECT_EQ(store.revision(), 1U);
  EXPECT_EQ((*store.get(first_key)->document)["value"], 0);
  EXPECT_EQ(seen, 0);
  ASSERT_TRUE(store
                  .transact([](Store::Transaction& transaction) {
                    EXPECT_FALSE(transaction.find_uid("uid-b").has_value());
                    EXPECT_TRUE(transaction.find_uid("uid-a").has_value());
                    return false;
                  })
                  .ok());
}

TEST(Store, a_watch_continues_after_a_revision_without_gap_or_duplicate) {
  Store store;
  for (int i = 0; i < 5; ++i) {
    put(store, first_key, document("a", i));
  }
  std::vector<std::uint64_t> revisions;
  ASSERT_TRUE(
      store.watch(Storage::config_maps, 2, [&](const Change& change) { revisions.push_back(change.revision); }));
  put(store, first_key, document("a", 9));
  EXPECT_EQ(revisions, (std::vector<std::uint64_t>{3, 4, 5, 6}));
}

TEST(Store, a_watch_from_before_the_history_is_refused) {
  Store store(Store::Options{.history_changes_max = 2});
  for (int i = 0; i < 5; ++i) {
    put(store, first_key, document("a", i));
  }
  EXPECT_FALSE(store.watch(Storage::config_maps, 2, [](const Change&) {}));
  EXPECT_TRUE(store.watch(Storage::config_maps, 3, [](const Change&) {}));
}

TEST(Store, a_history_of_large_objects_is_short) {
  Store store(Store::Options{.history_bytes_max = 1'000});
  json large = document("a");
  large["filler"] = std::string(400, 'x');
  for (int i = 0; i < 5; ++i) {
    large["value"] = i;
    put(store, first_key, large);
  }
  EXPECT_FALSE(store.watch(Storage::config_maps, 2, [](const Change&) {}));
  EXPECT_TRUE(store.watch(Storage::config_maps, 4, [](const Change&) {}));
}

TEST(Store, nothing_is_delivered_after_unwatch) {
  Store store;
  int seen = 0;
  const Store::WatchId id = store.watch_with_state(Storage::config_maps, [&](const Change&) { ++seen; });
  put(store, first_key, document("a"));
  store.unwatch(id);
  put(store, first_key, document("a", 1));
  EXPECT_EQ(seen, 1);
}

TEST(Store, an_old_listing_is_rebuilt_from_the_history) {
  Store store;
  put(store, first_key, document("a", 1));
  put(store, {Storage::config_maps, "default", "b"}, document("b", 1));
  put(store, first_key, document("a", 2));
  ASSERT_TRUE(store
                  .transact([](Store::Transaction& transaction) {
                    transaction.remove(first_key);
                    return true;
                  })
                  .ok());
  const auto old = store.list_at(Storage::config_maps, "default", 2);
  ASSERT_TRUE(old.has_value());
  ASSERT_EQ(old->objects.size(), 2U);
  EXPECT_EQ((*old->objects[0].document)["value"], 1);
  EXPECT_EQ(store.list(Storage::config_maps, "").objects.size(), 1U);
  EXPECT_FALSE(store.list_at(Storage::config_maps, "", 99).has_value());
}

TEST(Store, a_loaded_store_goes_on_where_it_was) {
  Store store;
  json kept = document("a");
  kept["metadata"]["resourceVersion"] = "40";
  store.load(41, {{first_key, kept}});
  EXPECT_EQ(store.get(first_key)->revision, 40U);
  EXPECT_FALSE(store.watch(Storage::config_maps, 40, [](const Change&) {}));
  EXPECT_TRUE(store.watch(Storage::config_maps, 41, [](const Change&) {}));
  put(store, first_key, document("a", 1));
  EXPECT_EQ(store.get(first_key)->revision, 42U);
}

class FullDisk final : public Journal {
 public:
  Result<void> append(const std::vector<Change>&) override { return Error{ErrorCode::limit_exceeded, "disk full"}; }
};

TEST(Store, what_cannot_be_journalled_did_not_happen) {
  Store store(Store::Options{}, std::make_shared<FullDisk>());
  EXPECT_FALSE(store
                   .transact([](Store::Transaction& transaction) {
                     transaction.put(first_key, document("a"));
                     return true;
                   })
                   .ok());
  EXPECT_FALSE(store.get(first_key));
  EXPECT_EQ(store.revision(), 0U);
}

}  // namespace
}  // namespace troupe::local
