#include "worker/process/process.hpp"

namespace troupe {

namespace {
constexpr unsigned first_word_bits = 18;  // What older peers keep of a reference's first word.
constexpr std::uint64_t first_word_mask = (1u << first_word_bits) - 1;
}  // namespace

static_assert(sizeof(Process) <= 256, "an idle process has to fit 512 bytes with a link and its bookkeeping");

Bonds& bonds_of(Process& process) {
  if (!process.bonds) {
    auto fresh = std::make_unique<Bonds>();
    const BondsGuard guard(process);
    process.bonds = std::move(fresh);
  }
  return *process.bonds;
}

std::string name_of(Process& process) {
  const BondsGuard guard(process);
  return process.name ? *process.name : std::string{};
}

std::string label_of(Process& process) {
  const BondsGuard guard(process);
  return process.bonds ? process.bonds->label : std::string{};
}

Reference make_reference(std::uint32_t process_id, std::uint64_t number) {
  Reference reference;
  reference.word_count = 3;
  reference.words[0] = static_cast<std::uint32_t>(number & first_word_mask);
  reference.words[1] = static_cast<std::uint32_t>(number >> first_word_bits);
  reference.words[2] = process_id;
  return reference;
}

std::uint64_t reference_number(const Reference& reference) {
  return (static_cast<std::uint64_t>(reference.words[1]) << first_word_bits) | reference.words[0];
}

std::uint32_t reference_owner(const Reference& reference) { return reference.words[2]; }

}  // namespace troupe
