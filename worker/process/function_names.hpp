// What lies at an address of this program: the function's name, from the symbol tables of the files that it was loaded
// from. Line numbers are left to addr2line: they cost tens of megabytes that would stay.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace troupe {

struct CodePlace {
  std::string function;      ///< Demangled; empty when the file has no symbols (stripped) or was replaced.
  std::string file;          ///< Its name without folders; empty when the address is in none.
  std::uint64_t offset = 0;  ///< From where the file was loaded: what addr2line takes.
};

/// One for each address, in their order. Reads files; takes a millisecond or so.
std::vector<CodePlace> places_of(std::span<void* const> addresses);

}  // namespace troupe
