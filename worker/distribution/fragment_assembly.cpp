#include "worker/distribution/fragment_assembly.hpp"

#include <algorithm>
#include <utility>

#include "worker/distribution/control_codes.hpp"
#include "worker/distribution/wire.hpp"

namespace troupe::distribution {
namespace {

using Taken = FragmentAssembly::Taken;

Taken whole(ByteView message) {
  return {.outcome = Taken::Outcome::whole, .message = message, .memory = {}, .detail = {}};
}

Taken failed(LinkEnd why, std::string detail) {
  return {.outcome = Taken::Outcome::failed, .message = {}, .memory = {}, .failure = why, .detail = std::move(detail)};
}

Taken malformed(std::string detail) { return failed(LinkEnd::protocol_error, std::move(detail)); }

}  // namespace

FragmentAssembly::Taken FragmentAssembly::take(ByteView frame) {
  FieldReader reader(frame);
  const auto version = reader.take<std::uint8_t>();
  const auto kind = reader.take<std::uint8_t>();
  if (!kind || *version != code::header_version) {
    return malformed("a frame without a distribution header, though fragments were agreed");
  }
  switch (*kind) {
    case code::header: {
      const auto atoms = reader.take<std::uint8_t>();
      return atoms && *atoms == 0 ? whole(reader.rest()) : malformed("a header that refers to cached atoms");
    }
    case code::first_fragment:
      return take_first(reader.rest());
    case code::next_fragment:
      return take_next(reader.rest());
    default:
      return malformed("a distribution header of kind " + std::to_string(*kind));
  }
}

FragmentAssembly::Taken FragmentAssembly::take_first(ByteView fields) {
  FieldReader reader(fields);
  const auto number = reader.take<std::uint64_t>();
  const auto fragments = reader.take<std::uint64_t>();
  const auto atoms = reader.take<std::uint8_t>();
  if (!atoms || *atoms != 0 || *fragments == 0) {
    return malformed("a first fragment that is cut short, refers to cached atoms or has the id 0");
  }
  if (series_.contains(*number)) {
    return failed(LinkEnd::fragments_out_of_order, "a second first fragment of one message");
  }
  const ByteView bytes = reader.rest();
  if (*fragments == 1) {
    return whole(bytes);
  }
  if (series_.size() >= limits_.series_max) {
    return failed(LinkEnd::too_many_fragment_series,
                  "more than " + std::to_string(limits_.series_max) + " unfinished messages");
  }
  Series series;
  if (*fragments > limits_.message_bytes_max || !has_room(series, bytes.size())) {
    return failed(LinkEnd::fragments_too_large, "a message of " + std::to_string(*fragments) + " fragments beside " +
                                                    std::to_string(bytes_) + " bytes of others");
  }
  reserve(series, *fragments, bytes.size());
  series.message.assign(bytes.begin(), bytes.end());
  series.fragments_left = *fragments - 1;
  bytes_ += bytes.size();
  series_.emplace(*number, std::move(series));
  return {};
}

FragmentAssembly::Taken FragmentAssembly::take_next(ByteView fields) {
  FieldReader reader(fields);
  const auto number = reader.take<std::uint64_t>();
  const auto id = reader.take<std::uint64_t>();
  if (!id) {
    return malformed("a fragment that is cut short");
  }
  const auto found = series_.find(*number);
  if (found == series_.end() || found->second.fragments_left != *id) {
    return failed(LinkEnd::fragments_out_of_order,
                  "fragment " + std::to_string(*id) + " where " +
                      (found == series_.end() ? "none" : std::to_string(found->second.fragments_left)) + " is next");
  }
  Series& series = found->second;
  const ByteView bytes = reader.rest();
  if (!has_room(series, bytes.size())) {
    return failed(LinkEnd::fragments_too_large, "unfinished messages of more than " + std::to_string(bytes_) +
                                                    " bytes, one of " + std::to_string(series.message.size()));
  }
  series.message.insert(series.message.end(), bytes.begin(), bytes.end());
  bytes_ += bytes.size();
  if (--series.fragments_left != 0) {
    return {};
  }
  Taken taken = whole({});
  taken.memory = std::move(series.message);
  taken.message = taken.memory;
  bytes_ -= taken.memory.size();
  reserved_ -= series.reserved;
  series_.erase(found);
  return taken;
}

bool FragmentAssembly::has_room(const Series& series, std::size_t bytes) const {
  return series.message.size() + bytes <= limits_.message_bytes_max && bytes_ + bytes <= limits_.bytes_max;
}

/// Peers cut in equal pieces, so the first tells the size of all. It may lie: what is not used costs address space
/// only, and even of that no more than the bound.
void FragmentAssembly::reserve(Series& series, std::uint64_t fragments, std::size_t fragment_bytes) {
  if (fragment_bytes == 0) {
    return;
  }
  const auto promised = fragments > limits_.message_bytes_max / fragment_bytes
                            ? limits_.message_bytes_max
                            : static_cast<std::size_t>(fragments) * fragment_bytes;
  if (promised <= limits_.bytes_max - std::min(reserved_, limits_.bytes_max)) {
    series.message.reserve(promised);
    series.reserved = promised;
    reserved_ += promised;
  }
}

}  // namespace troupe::distribution
