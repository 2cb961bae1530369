#include "local/pod_runner/spdy_frames.hpp"

#include <gtest/gtest.h>

#include "tests/local/pod_runner/spdy_bytes.hpp"

namespace troupe::local {
namespace {

using namespace std::string_literals;

/// Frames as text, the data of one stream joined; ends with "error: CODE" when reading did.
std::vector<std::string> read_all(SpdyFrameReader& reader) {
  std::vector<std::string> seen;
  while (true) {
    auto next = reader.next();
    if (!next) {
      seen.push_back("error: " + std::string(to_string(next.error().code)));
      return seen;
    }
    if (!*next) {
      return seen;
    }
    if (auto* syn = std::get_if<SpdySynStream>(&**next)) {
      std::string text = "open " + std::to_string(syn->stream) + (syn->fin ? " fin" : "");
      for (const auto& [name, value] : syn->headers) {
        text += ' ' + name + '=' + value;
      }
      seen.push_back(text);
    } else if (auto* data = std::get_if<SpdyData>(&**next)) {
      seen.push_back("data " + std::to_string(data->stream) + (data->fin ? " fin " : " ") + data->bytes);
    } else if (auto* reset = std::get_if<SpdyRstStream>(&**next)) {
      seen.push_back("reset " + std::to_string(reset->stream));
    } else if (auto* ping = std::get_if<SpdyPing>(&**next)) {
      seen.push_back("ping " + std::to_string(ping->id));
    } else {
      seen.emplace_back("go away");
    }
  }
}

std::vector<std::string> read_all(const std::string& bytes) {
  SpdyFrameReader reader;
  reader.append(bytes);
  return read_all(reader);
}

const std::string session = kubectl::opens_error + kubectl::opens_stdin + kubectl::opens_stdout +
                            kubectl::opens_stderr + kubectl::sends_abc + kubectl::ends_stdin + kubectl::leaves;
const std::vector<std::string> session_frames = {"open 1 streamtype=error",
                                                 "open 3 streamtype=stdin",
                                                 "open 5 streamtype=stdout",
                                                 "open 7 streamtype=stderr",
                                                 "data 3 abc",
                                                 "data 3 fin ",
                                                 "reset 1",
                                                 "reset 5",
                                                 "reset 7",
                                                 "go away"};

TEST(spdy_frames, read_what_kubectl_sends) { EXPECT_EQ(read_all(session), session_frames); }

TEST(spdy_frames, are_whole_however_the_bytes_arrive) {
  SpdyFrameReader reader;
  std::vector<std::string> seen;
  for (const char byte : session) {
    reader.append(std::string_view(&byte, 1));
    for (std::string& frame : read_all(reader)) {
      // Data comes in pieces.
      if (frame.starts_with("data 3 ") && !frame.ends_with(' ') && !seen.empty() &&
          seen.back().starts_with("data 3 ")) {
        seen.back() += frame.substr(7);
      } else {
        seen.push_back(std::move(frame));
      }
    }
  }
  EXPECT_EQ(seen, session_frames);
}

TEST(spdy_frames, pass_on_long_data_before_its_end_has_come) {
  SpdyFrameReader reader;
  reader.append("\0\0\0\5\1\xff\xff\xff"s + "first");
  EXPECT_EQ(read_all(reader), std::vector<std::string>{"data 5 first"});
  reader.append(std::string(0xff'ffff - 5, 'x'));
  auto last = reader.next();
  ASSERT_TRUE(last && *last);
  const auto& data = std::get<SpdyData>(**last);
  EXPECT_TRUE(data.fin);
  EXPECT_EQ(data.bytes.size(), 0xff'ffffU - 5);
}

TEST(spdy_frames, pass_over_settings_window_updates_headers_and_unknown_types) {
  SpdyHeaderEncoder encoder;
  const std::string bytes =
      in_order({control(4, "\0\0\0\1\0\0\0\4\0\0\0\x64"s), control(9, "\0\0\0\1\0\1\0\0"s), opens(encoder, 1, "error"),
                control(8, "\0\0\0\1"s + encoder.encode({{"a", "b"}})), opens(encoder, 3, "stdin", 1),
                control(77, "whatever"), control(6, "\0\0\0\1"s)});
  // The second SYN_STREAM can be read only if the HEADERS before it went through the decoder.
  EXPECT_EQ(read_all(bytes),
            (std::vector<std::string>{"open 1 streamtype=error", "open 3 fin streamtype=stdin", "ping 1"}));
}

TEST(spdy_frames, of_wrong_lengths_are_malformed) {
  const std::vector<std::string> error = {"error: invalid_argument"};
  EXPECT_EQ(read_all(control(1, std::string(9, '\0'))), error);
  EXPECT_EQ(read_all(control(2, std::string(20, '\0'))), error);  // SYN_REPLY, to nothing.
  EXPECT_EQ(read_all(control(3, std::string(7, '\0'))), error);
  EXPECT_EQ(read_all(control(4, "\0\0"s)), error);
  EXPECT_EQ(read_all(control(4, "\x40\0\0\1"s + std::string(8, '\0'))), error);
  EXPECT_EQ(read_all(control(6, std::string(5, '\0'))), error);
  EXPECT_EQ(read_all(control(7, std::string(4, '\0'))), error);
  EXPECT_EQ(read_all(control(8, std::string(3, '\0'))), error);
  EXPECT_EQ(read_all(control(9, std::string(9, '\0'))), error);
}

TEST(spdy_frames, of_another_version_or_too_long_are_refused) {
  EXPECT_EQ(read_all("\x80\2\0\6\0\0\0\4\0\0\0\1"s), std::vector<std::string>{"error: unsupported"});
  // Refused before it is there.
  EXPECT_EQ(read_all("\x80\3\0\1\0\0\x40\1"s), std::vector<std::string>{"error: limit_exceeded"});
}

TEST(spdy_frames, are_written_byte_for_byte) {
  EXPECT_EQ(spdy_data(5, "abc", false), "\0\0\0\5\0\0\0\3abc"s);
  EXPECT_EQ(spdy_data(5, "", true), "\0\0\0\5\1\0\0\0"s);
  EXPECT_EQ(spdy_rst_stream(7, SpdyRstStatus::refused_stream), "\x80\3\0\3\0\0\0\x08\0\0\0\7\0\0\0\3"s);
  EXPECT_EQ(spdy_ping(9), "\x80\3\0\6\0\0\0\4\0\0\0\x09"s);
  EXPECT_EQ(spdy_go_away(3, SpdyGoAwayStatus::protocol_error), "\x80\3\0\7\0\0\0\x08\0\0\0\3\0\0\0\1"s);
  EXPECT_EQ(spdy_syn_reply(1, "block"), "\x80\3\0\2\0\0\0\x09\0\0\0\1block"s);
}

TEST(spdy_frames, split_data_that_does_not_fit_into_one_and_end_only_the_last) {
  const std::string bytes = spdy_data(5, std::string(0x100'0001, 'x'), true);
  EXPECT_EQ(bytes.size(), 0x100'0001U + 16);
  EXPECT_EQ(bytes.substr(0, 8), "\0\0\0\5\0\xff\xff\xff"s);
  EXPECT_EQ(bytes.substr(8 + 0xff'ffff, 8), "\0\0\0\5\1\0\0\2"s);
}

TEST(spdy_header_block, starts_with_the_dictionary_id_of_spdy_3) {
  // Adler-32 of the 1423 bytes of the dictionary, behind the two bytes of zlib's header.
  EXPECT_EQ(SpdyHeaderEncoder().encode({}).substr(2, 4), "\xe3\xc6\xa7\xc2");
}

TEST(spdy_header_block, comes_back_as_it_was_encoded) {
  SpdyHeaderEncoder encoder;
  SpdyHeaderDecoder decoder;
  for (const SpdyHeaders& headers : {SpdyHeaders{}, SpdyHeaders{{"streamtype", "error"}},
                                     SpdyHeaders{{"a", std::string(5000, 'x')}, {"b", "1\0002"s}, {"", ""}}}) {
    const auto decoded = decoder.decode(encoder.encode(headers));
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(*decoded, headers);
  }
}

TEST(spdy_header_block, is_bounded_after_inflation) {
  SpdyHeaderEncoder encoder;
  const std::string bomb = encoder.encode({{"a", std::string(1'000'000, 'x')}});
  EXPECT_LT(bomb.size(), SpdyFrameReader::control_frame_bytes_max);
  const auto decoded = SpdyHeaderDecoder().decode(bomb);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::limit_exceeded);
}

TEST(spdy_header_block, that_is_malformed_says_what_is_wrong) {
  const auto why = [](const std::string& bytes) {
    const auto decoded = SpdyHeaderDecoder().decode(bytes);
    return decoded.ok() ? "decoded" : decoded.error().message;
  };
  EXPECT_NE(why("garbage").find("no zlib stream"), std::string::npos);
  EXPECT_NE(why("").find("no count"), std::string::npos);
  EXPECT_NE(why("\x78\xbb\x12\x34\x56\x78"s).find("another dictionary"), std::string::npos);
  // Stored blocks show what is inside: final-bit 0, length, its complement, bytes.
  const auto stored = [](const std::string& block) {
    std::string bytes = "\x78\xbb\xe3\xc6\xa7\xc2\0"s;
    for (const std::size_t size : {block.size(), ~block.size()}) {
      bytes += static_cast<char>(size);
      bytes += static_cast<char>(size >> 8);
    }
    return bytes + block;
  };
  EXPECT_EQ(why(stored("\0\0\0\1\0\0\0\1a\0\0\0\1b"s)), "decoded");
  EXPECT_NE(why(stored("\0\0\0\2\0\0\0\1a\0\0\0\1b"s)).find("header 2 of 2"), std::string::npos);
  EXPECT_NE(why(stored("\xff\xff\xff\xff\xff\xff\xff\xff"s)).find("header 1 of"), std::string::npos);
  EXPECT_NE(why(stored("\0\0\0\0more"s)).find("4 bytes follow"), std::string::npos);
}

}  // namespace
}  // namespace troupe::local
