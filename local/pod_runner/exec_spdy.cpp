#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "base/log.hpp"
#include "local/pod_runner/exec_carrier.hpp"
#include "local/pod_runner/spdy_connection.hpp"

namespace troupe::local {
namespace {

/// spdystream, which kubectl is built on, throws away what it has not yet passed on when the connection ends: so the
/// client, which ends it when it has everything, is given this long.
constexpr std::chrono::seconds client_end_grace{30};

constexpr const char* stdin_type = "stdin";
constexpr const char* stdout_type = "stdout";
constexpr const char* stderr_type = "stderr";
constexpr const char* status_type = "error";
constexpr const char* resize_type = "resize";  // Of a terminal, of which there is none here: opened, never read.

std::string stream_type(const SpdyHeaders& headers) {
  for (const auto& [name, value] : headers) {
    if (name == "streamtype") {
      return value;
    }
  }
  return "";
}

class SpdyCarrier final : public ExecCarrier, public std::enable_shared_from_this<SpdyCarrier> {
 public:
  SpdyCarrier(std::shared_ptr<platform::UpgradedConnection> connection, ExecStreams wanted)
      : connection_(std::move(connection)), streams_{{status_type, 0}} {
    const std::pair<bool, const char*> choices[] = {{wanted.standard_input, stdin_type},
                                                    {wanted.standard_output, stdout_type},
                                                    {wanted.standard_error, stderr_type}};
    for (const auto& [is_wanted, type] : choices) {
      if (is_wanted) {
        streams_.emplace(type, 0);
      }
    }
  }

  void start(Events events) override {
    connection_->start([self = shared_from_this(), events](const std::string& bytes) { self->receive(bytes, events); },
                       events.on_closed);
  }

  void write(ExecOutput to, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    spdy_.send(stream(to == ExecOutput::standard_output ? stdout_type : stderr_type), bytes);
    flush();
  }

  void finish(std::string_view status) override {
    const std::lock_guard lock(mutex_);
    for (const char* type : {stdin_type, stdout_type, stderr_type}) {
      spdy_.finish(stream(type), "");
    }
    spdy_.finish(stream(status_type), status);
    flush();
    connection_->close(client_end_grace);
  }

 private:
  struct Heard {
    bool became_ready = false;
    std::string input;
    bool input_ended = false;
  };

  void receive(const std::string& bytes, const Events& events) {
    Heard heard;
    {
      const std::lock_guard lock(mutex_);
      if (broken_) {
        return;
      }
      if (const auto done = hear(bytes, heard); !done) {
        broken_ = true;
        log_warning("exec over SPDY ends", {{"reason", done.error().message}});
      }
      flush();
      if (broken_) {
        return connection_->close(std::chrono::seconds(0));
      }
    }
    // Not under the lock: the program that they start or feed may answer at once.
    if (heard.became_ready) {
      events.on_ready();
    }
    if (!heard.input.empty()) {
      events.on_stdin(heard.input);
    }
    if (heard.input_ended) {
      events.on_stdin_closed();
    }
    connection_->read_more();
  }

  Result<void> hear(const std::string& bytes, Heard& heard) {
    auto happened = spdy_.receive(bytes);
    if (!happened) {
      return happened.error();
    }
    for (SpdyEvent& event : *happened) {
      if (auto* opened = std::get_if<SpdyStreamOpened>(&event)) {
        open(*opened, heard);
      } else if (auto* data = std::get_if<SpdyStreamData>(&event); data && data->stream == stream(stdin_type)) {
        if (!ready_) {
          spdy_.go_away();
          return Error{ErrorCode::invalid_argument,
                       "the client sent input before it had opened the streams it asked for"};
        }
        heard.input += data->bytes;
      } else if (auto* ended = std::get_if<SpdyStreamEnded>(&event); ended && ended->stream == stream(stdin_type)) {
        input_ended_ = true;
      }
    }
    heard.input_ended = ready_ && std::exchange(input_ended_, false);
    return {};
  }

  void open(const SpdyStreamOpened& opened, Heard& heard) {
    const std::string type = stream_type(opened.headers);
    const auto found = streams_.find(type);
    if (type != resize_type && (found == streams_.end() || found->second != 0)) {
      return spdy_.refuse(opened.stream);
    }
    spdy_.accept(opened.stream);
    if (type == resize_type) {
      return;
    }
    found->second = opened.stream;
    if (!ready_ && std::ranges::all_of(streams_, [](const auto& entry) { return entry.second != 0; })) {
      ready_ = heard.became_ready = true;
    }
  }

  /// 0, which no stream has, when it is not open.
  [[nodiscard]] std::uint32_t stream(const char* type) const {
    const auto found = streams_.find(type);
    return found == streams_.end() ? 0 : found->second;
  }

  void flush() {
    if (std::string output = spdy_.take_output(); !output.empty()) {
      connection_->write(std::move(output));
    }
  }

  const std::shared_ptr<platform::UpgradedConnection> connection_;
  std::mutex mutex_;
  SpdyConnection spdy_;
  std::map<std::string, std::uint32_t> streams_;  ///< Those awaited or open, by type; 0 until open.
  bool ready_ = false;
  bool input_ended_ = false;
  bool broken_ = false;
};

}  // namespace

std::shared_ptr<ExecCarrier> carry_exec_over_spdy(std::shared_ptr<platform::UpgradedConnection> connection,
                                                  ExecStreams wanted) {
  return std::make_shared<SpdyCarrier>(std::move(connection), wanted);
}

}  // namespace troupe::local
