#include "local/api/journal_file.hpp"

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "local/api/object_meta.hpp"
#include "platform/append_file.hpp"
#include "platform/file.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;
using Objects = std::map<ObjectKey, json>;

// A new snapshot is worth its cost once replaying the log would cost more than reading the objects.
constexpr std::uint64_t log_bytes_max = 16 * 1024 * 1024;

std::string storage_name(Storage storage) {
  const ResourceEntry& entry = entry_of(storage);
  return std::string(entry.plural) + (entry.group.empty() ? "" : "." + std::string(entry.group));
}

Result<ObjectKey> key_of(const json& line, const std::string& where) {
  auto text = [&](const char* field) {
    auto found = line.find(field);
    return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  for (int storage = 0; storage < storage_count; ++storage) {
    if (storage_name(static_cast<Storage>(storage)) == text("resource")) {
      return ObjectKey{static_cast<Storage>(storage), text("namespace"), text("name")};
    }
  }
  return Error{ErrorCode::invalid_argument, where + ": unknown resource \"" + text("resource") + "\""};
}

std::string key_fields(const ObjectKey& key) {
  return "\"resource\":" + json(storage_name(key.storage)).dump() +
         ",\"namespace\":" + json(key.namespace_name).dump() + ",\"name\":" + json(key.name).dump();
}

// Applies {"revision", "changes"} to what is kept.
Result<void> replay(const json& line, const std::string& where, Objects& objects, std::uint64_t& revision) {
  if (!line.is_object() || !line.contains("revision") || !line["revision"].is_number_unsigned() ||
      !line.contains("changes") || !line["changes"].is_array()) {
    return Error{ErrorCode::invalid_argument, where + ": not a change of this server; restore the folder or remove it"};
  }
  for (const json& change : line["changes"]) {
    Result<ObjectKey> key = key_of(change, where);
    if (!key.ok()) {
      return key.error();
    }
    if (change.contains("object")) {
      objects[*key] = change["object"];
    } else {
      objects.erase(*key);
    }
  }
  revision = std::max(revision, line["revision"].get<std::uint64_t>());
  return {};
}

Result<void> read_lines(const std::filesystem::path& path, Objects& objects, std::uint64_t& revision) {
  Result<std::string> content = platform::read_file(path);
  if (!content.ok()) {
    return content.error().code == ErrorCode::not_found ? Result<void>() : Result<void>(content.error());
  }
  std::size_t start = 0;
  for (int number = 1; start < content->size(); ++number) {
    const std::size_t end = content->find('\n', start);
    if (end == std::string::npos) {
      break;  // Cut short by a crash, so nobody was told that it happened.
    }
    const std::string where = path.string() + " line " + std::to_string(number);
    const json line = json::parse(content->begin() + static_cast<std::ptrdiff_t>(start),
                                  content->begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    // After a power failure the end of a file may hold zeros or half a line.
    if (line.is_discarded() && end + 1 == content->size()) {
      break;
    }
    if (Result<void> applied = replay(line, where, objects, revision); !applied.ok()) {
      return applied;
    }
    start = end + 1;
  }
  return {};
}

}  // namespace

struct JournalFile::File {
  std::filesystem::path dir;
  std::unique_ptr<platform::AppendFile> guard;  // Held for its lock.
  std::unique_ptr<platform::AppendFile> log;
  mutable std::mutex mutex;
};

JournalFile::JournalFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
JournalFile::~JournalFile() = default;

Result<std::shared_ptr<JournalFile>> JournalFile::open(const std::filesystem::path& dir, KeptObjects& kept) {
  auto file = std::make_unique<File>();
  file->dir = dir;
  // The lock comes first: nothing is read or cut while another server may be writing.
  Result<std::unique_ptr<platform::AppendFile>> guard = platform::AppendFile::open(dir / "lock", 0);
  if (!guard.ok()) {
    return guard.error();
  }
  file->guard = std::move(*guard);
  Objects objects;
  for (const char* name : {"snapshot.json", "log.jsonl"}) {
    if (Result<void> read = read_lines(dir / name, objects, kept.revision); !read.ok()) {
      return read.error();
    }
  }
  Store::Everything everything;
  for (auto& [key, document] : objects) {
    StoredObject object;
    object.text = std::make_shared<const std::string>(document.dump());
    everything.emplace_back(key, std::move(object));
    kept.objects.emplace_back(key, std::move(document));
  }
  // The snapshot is complete before the log is cut.
  std::shared_ptr<JournalFile> journal(new JournalFile(std::move(file)));
  File& state = *journal->file_;
  if (Result<void> written = journal->write_snapshot_file(kept.revision, everything); !written.ok()) {
    return written.error();
  }
  Result<std::unique_ptr<platform::AppendFile>> log = platform::AppendFile::open(dir / "log.jsonl", 0);
  if (!log.ok()) {
    return log.error();
  }
  state.log = std::move(*log);
  return journal;
}

Result<void> JournalFile::append(const std::vector<Change>& changes) {
  std::string line = "{\"revision\":" + std::to_string(changes.back().revision) + ",\"changes\":[";
  for (std::size_t i = 0; i < changes.size(); ++i) {
    line += (i == 0 ? "{" : ",{") + key_fields(changes[i].key);
    if (changes[i].after) {
      line += ",\"object\":" + *changes[i].after->text;
    }
    line += "}";
  }
  line += "]}\n";
  std::lock_guard lock(file_->mutex);
  return file_->log->append(line);
}

bool JournalFile::wants_snapshot() const {
  std::lock_guard lock(file_->mutex);
  return file_->log->size() > log_bytes_max;
}

Result<void> JournalFile::write_snapshot(std::uint64_t revision, const Store::Everything& everything) {
  if (Result<void> written = write_snapshot_file(revision, everything); !written.ok()) {
    return written;
  }
  std::lock_guard lock(file_->mutex);
  return file_->log->clear();
}

Result<void> JournalFile::write_snapshot_file(std::uint64_t revision, const Store::Everything& everything) const {
  std::string text = "{\"revision\":" + std::to_string(revision) + ",\"changes\":[";
  for (std::size_t i = 0; i < everything.size(); ++i) {
    text += (i == 0 ? "{" : ",{") + key_fields(everything[i].first) + ",\"object\":" + *everything[i].second.text + "}";
  }
  return platform::atomic_write_file(file_->dir / "snapshot.json", text + "]}\n", 0600);
}

}  // namespace troupe::local
