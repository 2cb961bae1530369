// Operations of control messages, by the names of erl_dist_protocol.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::distribution::code {

/// First byte of every frame without a distribution header.
inline constexpr std::byte pass_through{112};
/// First byte of every frame with one; the second says which.
inline constexpr std::uint8_t header_version = 131;
inline constexpr std::uint8_t header = 68;
inline constexpr std::uint8_t first_fragment = 69;
inline constexpr std::uint8_t next_fragment = 70;

inline constexpr std::int64_t link = 1;
inline constexpr std::int64_t send = 2;
inline constexpr std::int64_t exit = 3;
inline constexpr std::int64_t unlink = 4;
inline constexpr std::int64_t reg_send = 6;
inline constexpr std::int64_t group_leader = 7;
inline constexpr std::int64_t exit2 = 8;
inline constexpr std::int64_t send_tt = 12;
inline constexpr std::int64_t exit_tt = 13;
inline constexpr std::int64_t reg_send_tt = 16;
inline constexpr std::int64_t exit2_tt = 18;
inline constexpr std::int64_t monitor_p = 19;
inline constexpr std::int64_t demonitor_p = 20;
inline constexpr std::int64_t monitor_p_exit = 21;
inline constexpr std::int64_t send_sender = 22;
inline constexpr std::int64_t send_sender_tt = 23;
inline constexpr std::int64_t payload_exit = 24;
inline constexpr std::int64_t payload_exit_tt = 25;
inline constexpr std::int64_t payload_exit2 = 26;
inline constexpr std::int64_t payload_exit2_tt = 27;
inline constexpr std::int64_t payload_monitor_p_exit = 28;
inline constexpr std::int64_t spawn_request = 29;
inline constexpr std::int64_t spawn_request_tt = 30;
inline constexpr std::int64_t spawn_reply = 31;
inline constexpr std::int64_t spawn_reply_tt = 32;
inline constexpr std::int64_t alias_send = 33;
inline constexpr std::int64_t alias_send_tt = 34;
inline constexpr std::int64_t unlink_id = 35;
inline constexpr std::int64_t unlink_id_ack = 36;

}  // namespace troupe::distribution::code
