#include "local/pod_runner/spdy_connection.hpp"

#include <utility>

namespace troupe::local {
namespace {

Error broken(const std::string& what) {
  return {ErrorCode::invalid_argument, "the client broke the SPDY protocol: " + what};
}

}  // namespace

Result<std::vector<SpdyEvent>> SpdyConnection::receive(std::string_view bytes) {
  reader_.append(bytes);
  std::vector<SpdyEvent> events;
  while (true) {
    auto frame = reader_.next();
    if (frame && !*frame) {
      return events;
    }
    const auto applied = frame ? apply(std::move(**frame), events) : Result<void>(frame.error());
    if (!applied) {
      go_away();
      return applied.error();
    }
  }
}

Result<void> SpdyConnection::apply(SpdyFrame frame, std::vector<SpdyEvent>& events) {
  if (auto* syn = std::get_if<SpdySynStream>(&frame)) {
    return open(*syn, events);
  }
  if (auto* data = std::get_if<SpdyData>(&frame)) {
    return take_data(*data, events);
  }
  if (auto* reset = std::get_if<SpdyRstStream>(&frame)) {
    if (const auto found = streams_.find(reset->stream); found != streams_.end()) {
      if (!found->second.finished_there) {
        events.push_back(SpdyStreamEnded{reset->stream});
      }
      streams_.erase(found);
    }
  } else if (auto* ping = std::get_if<SpdyPing>(&frame)) {
    // Even ids are of pings from here, of which there are none.
    if (ping->id % 2 == 1) {
      output_ += spdy_ping(ping->id);
    }
  } else {
    client_leaves_ = true;
  }
  return {};
}

Result<void> SpdyConnection::open(SpdySynStream& frame, std::vector<SpdyEvent>& events) {
  if (frame.stream % 2 == 0 || frame.stream <= last_stream_) {
    return broken("stream " + std::to_string(frame.stream) + " opened after " + std::to_string(last_stream_) +
                  "; clients count up in odd numbers");
  }
  if (client_leaves_) {
    return broken("stream " + std::to_string(frame.stream) + " opened after GOAWAY");
  }
  last_stream_ = frame.stream;
  if (streams_.size() == streams_max) {
    output_ += spdy_rst_stream(frame.stream, SpdyRstStatus::refused_stream);
    return {};
  }
  streams_[frame.stream].finished_there = frame.fin;
  events.push_back(SpdyStreamOpened{frame.stream, std::move(frame.headers)});
  if (frame.fin) {
    events.push_back(SpdyStreamEnded{frame.stream});
  }
  return {};
}

Result<void> SpdyConnection::take_data(SpdyData& frame, std::vector<SpdyEvent>& events) {
  if (frame.stream % 2 == 0 || frame.stream > last_stream_) {
    return broken("data on stream " + std::to_string(frame.stream) + ", which was never opened");
  }
  const auto found = streams_.find(frame.stream);
  if (found == streams_.end()) {  // It was sent before the client knew that the stream is gone.
    return {};
  }
  if (found->second.finished_there) {
    return broken("data on stream " + std::to_string(frame.stream) + " after its end");
  }
  if (!frame.bytes.empty()) {
    events.push_back(SpdyStreamData{frame.stream, std::move(frame.bytes)});
  }
  if (frame.fin) {
    events.push_back(SpdyStreamEnded{frame.stream});
    found->second.finished_there = true;
    if (found->second.finished_here) {
      streams_.erase(found);
    }
  }
  return {};
}

void SpdyConnection::accept(std::uint32_t stream) {
  if (streams_.contains(stream)) {
    output_ += spdy_syn_reply(stream, headers_.encode({}));
  }
}

void SpdyConnection::refuse(std::uint32_t stream) {
  if (streams_.erase(stream) > 0) {
    output_ += spdy_rst_stream(stream, SpdyRstStatus::refused_stream);
  }
}

void SpdyConnection::send(std::uint32_t stream, std::string_view bytes) {
  const auto found = streams_.find(stream);
  if (found != streams_.end() && !found->second.finished_here && !bytes.empty()) {
    output_ += spdy_data(stream, bytes, false);
  }
}

void SpdyConnection::finish(std::uint32_t stream, std::string_view last_bytes) {
  const auto found = streams_.find(stream);
  if (found == streams_.end() || std::exchange(found->second.finished_here, true)) {
    return;
  }
  output_ += spdy_data(stream, last_bytes, true);
  if (found->second.finished_there) {
    streams_.erase(found);
  }
}

void SpdyConnection::go_away() { output_ += spdy_go_away(last_stream_, SpdyGoAwayStatus::protocol_error); }

std::string SpdyConnection::take_output() { return std::exchange(output_, {}); }

}  // namespace troupe::local
