#include "tests/benchmark/nodes/tcp_floor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>
#include <utility>

#include "base/check.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;
constexpr std::size_t blocks = 32'000;
constexpr std::size_t small_bytes = 16;
constexpr std::size_t round_trips = 60'000;

/// Two ends of a TCP connection over the loopback interface.
std::pair<int, int> connected_pair() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0 && listen(listener, 1) == 0 &&
            getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0,
        "the loopback interface takes no listener");
  const int near = socket(AF_INET, SOCK_STREAM, 0);
  check(connect(near, reinterpret_cast<sockaddr*>(&address), length) == 0, "the loopback interface refuses to connect");
  const int far = accept(listener, nullptr, nullptr);
  close(listener);
  for (const int end : {near, far}) {
    const int on = 1;
    setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return {near, far};
}

void write_all(int socket, const std::vector<std::byte>& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count = write(socket, bytes.data() + at, bytes.size() - at);
    check(count > 0, "a write to the loopback interface failed");
    at += static_cast<std::size_t>(count);
  }
}

/// False at the end of the stream.
bool read_all(int socket, std::vector<std::byte>& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count = read(socket, bytes.data() + at, bytes.size() - at);
    if (count <= 0) {
      return false;
    }
    at += static_cast<std::size_t>(count);
  }
  return true;
}

double seconds_of(const std::function<void(int)>& near_side, const std::function<void(int)>& far_side) {
  const auto [near, far] = connected_pair();
  const auto began = std::chrono::steady_clock::now();
  std::thread other([&far_side, far = far] { far_side(far); });
  near_side(near);
  shutdown(near, SHUT_WR);
  other.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  close(near);
  close(far);
  return seconds;
}

double blocks_per_millisecond() {
  const double seconds = seconds_of(
      [](int socket) {
        const std::vector<std::byte> block(block_bytes);
        for (std::size_t sent = 0; sent < blocks; ++sent) {
          write_all(socket, block);
        }
      },
      [](int socket) {
        std::vector<std::byte> block(block_bytes);
        while (read_all(socket, block)) {
        }
      });
  return blocks / seconds / 1e3;
}

double round_trips_per_millisecond() {
  const double seconds = seconds_of(
      [](int socket) {
        std::vector<std::byte> small(small_bytes);
        for (std::size_t done = 0; done < round_trips; ++done) {
          write_all(socket, small);
          check(read_all(socket, small), "the loopback interface ended too early");
        }
      },
      [](int socket) {
        std::vector<std::byte> small(small_bytes);
        while (read_all(socket, small)) {
          write_all(socket, small);
        }
      });
  return round_trips / seconds / 1e3;
}

BenchmarkResult floor_of(const char* name, int rounds, double (*measure)()) {
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    rates.push_back(measure());
  }
  BenchmarkResult result;
  result.name = name;
  result.unit = "k/s";
  result.troupe = spread(std::move(rates));
  result.less_is_better = false;
  return result;
}

}  // namespace

std::vector<BenchmarkResult> tcp_floors(int rounds) {
  return {floor_of("tcp_64KiB", rounds, blocks_per_millisecond),
          floor_of("tcp_round_trips", rounds, round_trips_per_millisecond)};
}

}  // namespace troupe::benchmark
