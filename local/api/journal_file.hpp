// Objects on disk: a snapshot and, behind it, a log of every change since, each synced before anybody sees the change.
//
// Folder: `snapshot.json` (written whole, renamed into place) and `log.jsonl` (one JSON line a change). A last line
// that a crash cut short is dropped; anything else that cannot be read is an error, never guessed around.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "local/api/store.hpp"

namespace troupe::local {

struct KeptObjects {
  std::uint64_t revision = 0;
  std::vector<std::pair<ObjectKey, nlohmann::json>> objects;
};

class JournalFile final : public Journal {
 public:
  /// Reads what `dir` holds (nothing when it is empty) into `kept`, writes it back as one snapshot and starts a new
  /// log. Errors: `permission_denied`, `invalid_argument` naming file and line, `unavailable` when another server has
  /// it open.
  static Result<std::shared_ptr<JournalFile>> open(const std::filesystem::path& dir, KeptObjects& kept);
  ~JournalFile() override;
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  Result<void> append(const std::vector<Change>& changes) override;

  /// Whether the log has grown enough to be worth a new snapshot.
  [[nodiscard]] bool wants_snapshot() const;
  /// Replaces snapshot and log by `everything`. No change may be appended meanwhile.
  Result<void> write_snapshot(std::uint64_t revision, const Store::Everything& everything);

 private:
  struct File;
  Result<void> write_snapshot_file(std::uint64_t revision, const Store::Everything& everything) const;

  explicit JournalFile(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

}  // namespace troupe::local
