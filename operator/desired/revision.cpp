#include "operator/desired/revision.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"

namespace troupe::desired {

using nlohmann::json;

std::string revision_of(const json& intent_document) {
  // FNV-1a, 64 bits. Object members are sorted, so equal documents have equal text.
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : intent_document.dump(-1, ' ', false, json::error_handler_t::replace)) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  // No vowels and no look-alikes: a revision must not spell a word.
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string text;
  for (int i = 0; i < 10; ++i) {
    text += alphabet[hash % alphabet.size()];
    hash /= alphabet.size();
  }
  return text;
}

std::vector<Revision> read_revisions(const Owner& owner, const std::vector<const json*>& documents) {
  std::vector<Revision> revisions;
  for (const json* document : documents) {
    if (!is_owned(owner, *document) || !(*document)["metadata"].contains("labels")) {
      continue;
    }
    const json& labels = (*document)["metadata"]["labels"];
    const auto label = labels.find(pod_contract::revision_label);
    const auto number = document->find("revision");
    const auto data = document->find("data");
    if (label == labels.end() || !label->is_string() || number == document->end() || !number->is_number_integer() ||
        data == document->end() || !data->is_object() || !data->contains("spec")) {
      continue;
    }
    revisions.push_back({label->get<std::string>(), number->get<std::int64_t>(), document});
  }
  std::sort(revisions.begin(), revisions.end(), [](const Revision& a, const Revision& b) {
    return a.number != b.number ? a.number < b.number : a.hash < b.hash;
  });
  return revisions;
}

}  // namespace troupe::desired
