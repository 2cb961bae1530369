#include "worker/process/elf_exports.hpp"

#include <elf.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

namespace troupe {
namespace {

#if defined(__x86_64__)
constexpr unsigned machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned machine = EM_AARCH64;
#else
#error "state this machine's ELF number here"
#endif

/// Reads structures out of a file's bytes; nothing beyond its end.
class ElfFile {
 public:
  explicit ElfFile(std::string bytes) : bytes_(std::move(bytes)) {}

  template <class T>
  [[nodiscard]] std::optional<T> at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) {
      return std::nullopt;
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }
  /// A text that ends with a zero byte before `end`.
  [[nodiscard]] std::optional<std::string> text(std::uint64_t offset, std::uint64_t end) const {
    if (offset >= end || end > bytes_.size()) {
      return std::nullopt;
    }
    const void* const zero = std::memchr(bytes_.data() + offset, 0, end - offset);
    if (zero == nullptr) {
      return std::nullopt;
    }
    return std::string(bytes_.data() + offset);
  }
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }

 private:
  std::string bytes_;
};

Error bad(const std::filesystem::path& file, const std::string& what) {
  return {ErrorCode::invalid_argument, file.string() + " " + what};
}

Result<std::string> read_file(const std::filesystem::path& file) {
  std::error_code failed;
  const std::uint64_t size = std::filesystem::file_size(file, failed);
  if (failed) {
    const bool missing = failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory;
    return Error{missing ? ErrorCode::not_found : ErrorCode::permission_denied,
                 file.string() + " cannot be read: " + failed.message()};
  }
  if (size > module_file_bytes_max) {
    return Error{ErrorCode::limit_exceeded, file.string() + " is larger than 512 MiB, the most a module may have"};
  }
  std::string bytes(size, '\0');
  std::ifstream in(file, std::ios::binary);
  if (!in.read(bytes.data(), static_cast<std::streamsize>(size))) {
    return Error{ErrorCode::permission_denied, file.string() + " cannot be read: " + std::strerror(errno)};
  }
  return bytes;
}

std::optional<Elf64_Shdr> dynamic_symbols(const ElfFile& elf, const Elf64_Ehdr& header) {
  for (unsigned at = 0; at < header.e_shnum; ++at) {
    const auto section = elf.at<Elf64_Shdr>(header.e_shoff + at * sizeof(Elf64_Shdr));
    if (section && section->sh_type == SHT_DYNSYM) {
      return section;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<ExportedSymbol>> exported_symbols(const std::filesystem::path& file) {
  auto bytes = read_file(file);
  if (!bytes) {
    return bytes.error();
  }
  const ElfFile elf(std::move(*bytes));
  const auto header = elf.at<Elf64_Ehdr>(0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    return bad(file, "is no shared object (no ELF header)");
  }
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_type != ET_DYN || header->e_machine != machine) {
    return bad(file, "is no shared object for this machine");
  }
  const std::uint64_t sections_bytes = std::uint64_t{header->e_shnum} * sizeof(Elf64_Shdr);
  if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shoff > elf.size() ||
      elf.size() - header->e_shoff < sections_bytes) {
    return bad(file, "is cut short: its section table lies beyond its end; copy it again");
  }
  const auto symbols = dynamic_symbols(elf, *header);
  if (!symbols) {
    return bad(file, "is no shared object (no dynamic symbols)");
  }
  const auto strings = symbols->sh_link < header->e_shnum
                           ? elf.at<Elf64_Shdr>(header->e_shoff + symbols->sh_link * sizeof(Elf64_Shdr))
                           : std::nullopt;
  if (!strings || strings->sh_offset > elf.size() || elf.size() - strings->sh_offset < strings->sh_size ||
      symbols->sh_offset > elf.size() || elf.size() - symbols->sh_offset < symbols->sh_size) {
    return bad(file, "is damaged: its symbol table lies beyond its end");
  }
  std::vector<ExportedSymbol> exported;
  for (std::uint64_t offset = 0; offset + sizeof(Elf64_Sym) <= symbols->sh_size; offset += sizeof(Elf64_Sym)) {
    const auto symbol = elf.at<Elf64_Sym>(symbols->sh_offset + offset);
    if (!symbol || symbol->st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol->st_info) == STB_LOCAL ||
        ELF64_ST_VISIBILITY(symbol->st_other) == STV_HIDDEN) {
      continue;
    }
    auto name = elf.text(strings->sh_offset + symbol->st_name, strings->sh_offset + strings->sh_size);
    if (!name) {
      return bad(file, "is damaged: a symbol has no name");
    }
    exported.push_back({std::move(*name), ELF64_ST_BIND(symbol->st_info) == STB_GNU_UNIQUE});
  }
  return exported;
}

}  // namespace troupe
