// Capability flags of the distribution protocol, by the names of erl_dist_protocol ("Distribution Flags") without
// DFLAG_.
#pragma once

#include <cstdint>

namespace troupe::distribution {

using Flags = std::uint64_t;

inline constexpr Flags published = 0x1;
inline constexpr Flags extended_references = 0x4;
inline constexpr Flags dist_monitor = 0x8;
inline constexpr Flags fun_tags = 0x10;
inline constexpr Flags dist_monitor_name = 0x20;
inline constexpr Flags new_fun_tags = 0x80;
inline constexpr Flags extended_pids_ports = 0x100;
inline constexpr Flags export_ptr_tag = 0x200;
inline constexpr Flags bit_binaries = 0x400;
inline constexpr Flags new_floats = 0x800;
inline constexpr Flags unicode_io = 0x1000;
inline constexpr Flags dist_hdr_atom_cache = 0x2000;
inline constexpr Flags small_atom_tags = 0x4000;
inline constexpr Flags utf8_atoms = 0x10000;
inline constexpr Flags map_tag = 0x20000;
inline constexpr Flags big_creation = 0x40000;
inline constexpr Flags send_sender = 0x80000;
inline constexpr Flags big_seqtrace_labels = 0x100000;
inline constexpr Flags exit_payload = 0x400000;
inline constexpr Flags fragments = 0x800000;
inline constexpr Flags handshake_23 = 0x1000000;
inline constexpr Flags unlink_id = 0x2000000;
/// Bit 26, as in erts/emulator/beam/dist.h; the document says bit 36.
inline constexpr Flags mandatory_25_digest = 0x4000000;
inline constexpr Flags spawn = Flags{1} << 32;
inline constexpr Flags name_me = Flags{1} << 33;
inline constexpr Flags v4_nc = Flags{1} << 34;
inline constexpr Flags alias = Flags{1} << 35;

/// What OTP 25 demands of its peers, and so do we.
inline constexpr Flags mandatory_25 = extended_references | fun_tags | new_fun_tags | extended_pids_ports |
                                      export_ptr_tag | bit_binaries | new_floats | utf8_atoms | map_tag | big_creation |
                                      handshake_23;
/// What OTP 26 and later demand.
inline constexpr Flags mandatory_26 = mandatory_25 | unlink_id | v4_nc;
static_assert(mandatory_25 == 0x1070F94 && mandatory_26 == 0x403070F94);

/// What this implementation does. No atom cache: headers refer to no atoms. `spawn` is spoken only to refuse with
/// `notsup` at once, where an Erlang node would otherwise wait for an answer of our net_kernel.
inline constexpr Flags supported = mandatory_26 | dist_monitor | dist_monitor_name | unicode_io | small_atom_tags |
                                   send_sender | big_seqtrace_labels | exit_payload | fragments | mandatory_25_digest |
                                   spawn | alias;

}  // namespace troupe::distribution
