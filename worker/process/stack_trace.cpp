#include "worker/process/stack_trace.hpp"

#include <execinfo.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "worker/process/function_names.hpp"

namespace troupe {
namespace {

constexpr std::size_t text_bytes_max = 4'096;

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return "0x" + std::string(digits.data(), end);
}

std::string frame_text(const CodePlace& place) {
  const std::string where = (place.file.empty() ? "" : place.file + "+") + hexadecimal(place.offset);
  return place.function.empty() ? where : place.function + " (" + where + ")";
}

}  // namespace

StackTrace stack_here(std::size_t skip) {
  constexpr std::size_t skip_max = 8;
  std::array<void*, StackTrace::frames_max + skip_max> frames;
  const auto count = static_cast<std::size_t>(::backtrace(frames.data(), static_cast<int>(frames.size())));
  const std::size_t skipped = std::min({skip + 1, skip_max, count});
  StackTrace trace;
  trace.count = std::min(count - skipped, StackTrace::frames_max);
  std::copy_n(frames.begin() + static_cast<std::ptrdiff_t>(skipped), trace.count, trace.frames.begin());
  return trace;
}

std::string describe(const StackTrace& trace) {
  std::array<void*, StackTrace::frames_max> calls{};
  std::transform(trace.frames.begin(), trace.frames.begin() + static_cast<std::ptrdiff_t>(trace.count), calls.begin(),
                 // A return address stands behind its call, which may be the last thing that a function does.
                 [](void* frame) { return static_cast<char*>(frame) - 1; });
  std::string text;
  for (const CodePlace& place : places_of(std::span(calls).first(trace.count))) {
    text += (text.empty() ? "" : "; ") + frame_text(place);
  }
  if (text.size() > text_bytes_max) {
    text.resize(text_bytes_max);
    text += "...";
  }
  return text;
}

}  // namespace troupe
