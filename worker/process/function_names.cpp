#include "worker/process/function_names.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "troupe/server.hpp"

namespace troupe {
namespace {

constexpr std::uint64_t symbols_bytes_max = 256ull * 1024 * 1024;
constexpr std::size_t name_bytes_read = 1'024;

/// Reads structures where a file says that they are; nothing where it says nonsense.
class SymbolFile {
 public:
  explicit SymbolFile(const std::string& path) : in_(path, std::ios::binary) {}

  /// Names the functions at these offsets, as far as the file knows them.
  void name(std::map<std::uint64_t, std::vector<CodePlace*>>& places_by_offset) {
    const auto header = read<Elf64_Ehdr>(0, 1);
    if (header.empty() || std::string_view(reinterpret_cast<const char*>(header[0].e_ident), SELFMAG) != ELFMAG ||
        header[0].e_ident[EI_CLASS] != ELFCLASS64 || header[0].e_shentsize != sizeof(Elf64_Shdr)) {
      return;
    }
    const auto sections = read<Elf64_Shdr>(header[0].e_shoff, header[0].e_shnum);
    for (const Elf64_Shdr& section : sections) {
      if (section.sh_type != SHT_SYMTAB || section.sh_size > symbols_bytes_max || section.sh_link >= sections.size()) {
        continue;
      }
      for (const Elf64_Sym& symbol : read<Elf64_Sym>(section.sh_offset, section.sh_size / sizeof(Elf64_Sym))) {
        const auto first = places_by_offset.lower_bound(symbol.st_value);
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || first == places_by_offset.end() ||
            first->first >= symbol.st_value + symbol.st_size) {
          continue;
        }
        const std::string function = abi::demangled(text(sections[section.sh_link].sh_offset + symbol.st_name).c_str());
        for (auto at = first; at != places_by_offset.end() && at->first < symbol.st_value + symbol.st_size; ++at) {
          for (CodePlace* const place : at->second) {
            place->function = function;
          }
        }
      }
    }
  }

 private:
  template <class T>
  std::vector<T> read(std::uint64_t offset, std::size_t count) {
    std::vector<T> all(count);
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(offset));
    in_.read(reinterpret_cast<char*>(all.data()), static_cast<std::streamsize>(count * sizeof(T)));
    all.resize(static_cast<std::size_t>(in_.gcount()) / sizeof(T));
    return all;
  }
  std::string text(std::uint64_t offset) {
    const std::vector<char> bytes = read<char>(offset, name_bytes_read);
    const std::string_view all(bytes.data(), bytes.size());
    return std::string(all.substr(0, all.find('\0')));
  }

  std::ifstream in_;
};

struct Loaded {
  std::uintptr_t address = 0;
  std::uintptr_t base = 0;
  std::string path;  ///< Empty: in no file.
};

/// dl_iterate_phdr's callback for one file: whether the address is in it.
int look_for(dl_phdr_info* file, std::size_t, void* data) {
  auto& loaded = *static_cast<Loaded*>(data);
  for (unsigned at = 0; at < file->dlpi_phnum; ++at) {
    const auto& segment = file->dlpi_phdr[at];
    const std::uintptr_t start = file->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && loaded.address >= start && loaded.address - start < segment.p_memsz) {
      loaded.base = file->dlpi_addr;
      loaded.path = file->dlpi_name == nullptr || *file->dlpi_name == '\0' ? "/proc/self/exe" : file->dlpi_name;
      return 1;
    }
  }
  return 0;
}

std::string name_without_folders(const std::string& path) {
  Dl_info self{};
  const bool program = path == "/proc/self/exe" && ::dladdr(reinterpret_cast<void*>(&look_for), &self) != 0;
  const std::string_view full = program ? std::string_view(self.dli_fname) : std::string_view(path);
  const std::size_t slash = full.rfind('/');
  return std::string(slash == std::string_view::npos ? full : full.substr(slash + 1));
}

}  // namespace

std::vector<CodePlace> places_of(std::span<void* const> addresses) {
  std::vector<CodePlace> places(addresses.size());
  std::map<std::string, std::map<std::uint64_t, std::vector<CodePlace*>>> unnamed;
  for (std::size_t at = 0; at < addresses.size(); ++at) {
    Loaded loaded{reinterpret_cast<std::uintptr_t>(addresses[at]), 0, {}};
    ::dl_iterate_phdr(&look_for, &loaded);
    CodePlace& place = places[at];
    place.offset = loaded.address - loaded.base;
    if (loaded.path.empty()) {
      continue;
    }
    place.file = name_without_folders(loaded.path);
    Dl_info exported{};
    if (::dladdr(addresses[at], &exported) != 0 && exported.dli_sname != nullptr) {
      place.function = abi::demangled(exported.dli_sname);
    } else {
      unnamed[loaded.path][place.offset].push_back(&place);
    }
  }
  for (auto& [path, in_file] : unnamed) {
    SymbolFile(path).name(in_file);
  }
  return places;
}

}  // namespace troupe
